/** A bug report as one file: a folder with an index of what is in it, and of what is not and why. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { tarEnd, tarHeader, tarPadding } from '../../../lib/tar-header.ts'
import type { Collected } from './debug-parts.ts'

export interface BundleIndex {
  readonly format: 1
  readonly takenAt: string
  readonly client: { readonly version: string; readonly node: string; readonly platform: string; readonly arch: string }
  readonly files: readonly { file: string; from: string; bytes: number; cut: boolean }[]
  /** What the caller may not see, or nobody answered. */
  readonly missing: readonly { file: string; from: string; code: string; message: string }[]
}

export function indexOf(collected: readonly Collected[], about: Pick<BundleIndex, 'takenAt' | 'client'>): BundleIndex {
  return {
    format: 1,
    ...about,
    files: collected.flatMap((one) =>
      'code' in one ? [] : [{ file: one.file, from: one.operation, bytes: one.bytes.length, cut: one.isCut }],
    ),
    missing: collected.flatMap((one) =>
      'code' in one ? [{ file: one.file, from: one.operation, code: one.code, message: one.message }] : [],
    ),
  }
}

const compress = promisify(gzip)
const folder = 'clawbernetes-debug'

export async function archiveOf(index: BundleIndex, collected: readonly Collected[]): Promise<Buffer> {
  const modified = Date.parse(index.takenAt) / 1_000
  const entry = (file: string, content: Buffer): readonly Buffer[] => [
    tarHeader({ name: `${folder}/${file}`, bytes: content.length, modified, mode: 0o600 }),
    content,
    tarPadding(content.length),
  ]
  return compress(
    Buffer.concat([
      tarHeader({ name: `${folder}/`, bytes: 0, modified, isFolder: true, mode: 0o700 }),
      ...entry('bundle.json', Buffer.from(`${JSON.stringify(index, null, 2)}\n`)),
      ...collected.flatMap((one) => ('code' in one ? [] : entry(one.file, one.bytes))),
      tarEnd(),
    ]),
  )
}
