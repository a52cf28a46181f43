/** Fetching what the work of strangers' hosts has left: what has come is kept when it is broken off, and unpacked when it is whole. */
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode } from '../../../lib/error-code.ts'
import { Tally } from '../../../lib/passing.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Session } from '../line/command.ts'
import type { Api } from '../peer/api.ts'
import { unpack, type Unpacked } from './unpack.ts'
import { bytesInWords } from './volume-words.ts'

export interface Fetching {
  readonly job: string
  readonly node: string | undefined
  readonly folders: readonly string[]
  /** Folder that they are put to, each under its own name. */
  readonly to: string
}

export interface Fetched extends Unpacked {
  readonly folder: string
  readonly path: string
  readonly sha256: string
}

/** Between two words on how far it is. */
const everyBytes = 32 * 1_048_576

/** All of them, or nothing is to be seen of them. Throws INVALID_REQUEST for what is there already. */
export async function fetchOutputs(
  api: Api,
  { job, node, folders, to }: Fetching,
  { out, signal }: Pick<Session, 'out' | 'signal'>,
): Promise<readonly Fetched[]> {
  const wanted = folders.map((folder, i) => ({
    folder,
    path: join(to, folder),
    archive: join(to, `.${job}-${i}.part`),
  }))
  for (const { path } of wanted)
    if (existsSync(path))
      throw new ClawError('INVALID_REQUEST', { problem: `${path} is there already; --to names another place` })
  await mkdir(to, { recursive: true })
  const fetched: Fetched[] = []
  for (const { folder, path, archive } of wanted) {
    const note = (bytes: number): void => out.note(`${folder}: ${bytesInWords(bytes)} so far`)
    const sha256 = await download({ api, input: { job, folder, node }, archive, note }, signal)
    fetched.push({ folder, path, sha256, ...(await unpack(archive, `${archive}.new`, signal)) })
  }
  for (const { path, archive } of wanted) {
    await mkdir(dirname(path), { recursive: true })
    await rename(`${archive}.new`, path)
    await rm(archive)
  }
  return fetched
}

interface Download {
  readonly api: Api
  readonly input: { readonly job: string; readonly folder: string; readonly node: string | undefined }
  readonly archive: string
  readonly note: (bytes: number) => void
}

/** Goes on where an earlier one was broken off. Returns the checksum that it has, and must have. */
async function download(asked: Download, signal: AbortSignal): Promise<string> {
  const before = await tallyOf(asked.archive)
  const from = before.bytes
  if (await isWhole(asked, before, signal)) return before.sum().sha256
  // What was there is of something else; or it was damaged.
  await rm(asked.archive)
  const anew = new Tally()
  if (from > 0 && (await isWhole(asked, anew, signal))) return anew.sum().sha256
  throw new ClawError('MOLT_DATA_BAD', { what: asked.input.folder, problem: 'it is not what its provider says it is' })
}

async function isWhole({ api, input, archive, note }: Download, tally: Tally, signal: AbortSignal): Promise<boolean> {
  const file = await open(archive, 'a', 0o600)
  let told = tally.bytes
  try {
    for await (const item of api.stream('moltjob.outputs', { ...input, from: tally.bytes }, signal)) {
      if (item.type === 'end') return item.sha256 === tally.peek()
      const chunk = Buffer.from(item.data, 'base64')
      await file.writeFile(chunk)
      tally.add(chunk)
      if (tally.bytes - told >= everyBytes) note((told = tally.bytes))
    }
  } finally {
    await file.close()
  }
  throw new ClawError('MOLT_DATA_BAD', { what: input.folder, problem: 'it ends before its end' })
}

async function tallyOf(path: string): Promise<Tally> {
  const tally = new Tally()
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) tally.add(chunk)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
  return tally
}
