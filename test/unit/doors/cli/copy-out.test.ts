/** What a workload sends as its files: kept where it belongs, whatever it says. */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Header } from 'tar'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Api } from '../../../../src/doors/cli/peer/api.ts'
import { copyOut } from '../../../../src/doors/cli/talk/copy-out.ts'
import { conversationPair } from '../../../../src/wire/conversation.ts'

type Entry = ConstructorParameters<typeof Header>[0] & { readonly content?: string }

function archiveOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ content = '', ...fields }: Entry & object) => {
    const head = Buffer.alloc(512)
    new Header({ type: 'File', mode: 0o644, mtime: new Date(0), size: content.length, ...fields }).encode(head)
    const body = Buffer.alloc(Math.ceil(content.length / 512) * 512)
    body.write(content)
    return [head, body]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1_024)])
}

/** A workload whose `tar` sends this, and ends so. */
function sending(bytes: Uint8Array, { exitCode = 0, complaint = '' } = {}): Api {
  const converse = (): Promise<unknown> => {
    const [ours, theirs] = conversationPair()
    const told = (async () => {
      await theirs.send(1, bytes)
      if (complaint !== '') await theirs.send(2, Buffer.from(complaint))
      await theirs.tell(Buffer.from(JSON.stringify({ type: 'exit', exitCode })))
      ours.end()
    })()
    told.catch((error: unknown) => ours.fail(error))
    return Promise.resolve(ours)
  }
  return { converse } as unknown as Api
}

describe('a copy out of a workload', () => {
  let folder: string
  let target: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'claw-copy-out-'))
    target = join(folder, 'target')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const copy = (api: Api, path = '/app/data') =>
    copyOut({ api, workload: 'w', signal: new AbortController().signal, count: () => {} }, path, target)

  const fine: readonly Entry[] = [
    { path: 'data/', type: 'Directory', mode: 0o755 },
    { path: 'data/file', content: 'new' },
  ]

  test('given a folder, when its target is not there, then it has the name of the target', async () => {
    expect(await copy(sending(archiveOf(fine)))).toEqual([])
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe('new')
    expect(readdirSync(folder)).toEqual(['target'])
  })

  test('given links and names that lead out, when they come, then they are left out and nothing is outside of the target', async () => {
    const entries: readonly Entry[] = [
      ...fine,
      { path: 'data/etc', type: 'SymbolicLink', linkpath: '/etc' },
      { path: 'data/up', type: 'SymbolicLink', linkpath: '../..' },
      { path: 'data/winding', type: 'SymbolicLink', linkpath: 'deep/../../x' },
      { path: 'data/hard', type: 'Link', linkpath: 'other' },
      { path: 'data/hard-up', type: 'Link', linkpath: '../secret' },
      { path: '../evil', content: 'evil' },
      { path: 'data/../evil', content: 'evil' },
      { path: 'other/evil', content: 'evil' },
      { path: '/evil', content: 'evil' },
      { path: 'data/pipe', type: 'FIFO' },
    ]
    writeFileSync(join(folder, 'secret'), 'secret')
    expect(await copy(sending(archiveOf(entries)))).toHaveLength(entries.length - fine.length)
    expect(readdirSync(folder).toSorted()).toEqual(['secret', 'target'])
    expect(readdirSync(target)).toEqual(['file'])
  })

  test('given a link within the folder, when files come through it, then they are not written', async () => {
    const entries: readonly Entry[] = [
      ...fine,
      { path: 'data/link', type: 'SymbolicLink', linkpath: 'file' },
      { path: 'data/link/evil', content: 'evil' },
    ]
    await expect(copy(sending(archiveOf(entries)))).rejects.toMatchObject({ code: 'COPY_FAILED' })
    expect(readdirSync(folder)).toEqual([])
  })

  test('given a folder of that name, when it is copied again, then the rest of it stays, and links in it are not followed', async () => {
    mkdirSync(join(target, 'data'), { recursive: true })
    writeFileSync(join(target, 'data', 'old'), 'old')
    writeFileSync(join(folder, 'secret'), 'secret')
    symlinkSync('../../secret', join(target, 'data', 'file'))
    await copy(sending(archiveOf(fine)))
    expect(readFileSync(join(target, 'data', 'file'), 'utf8')).toBe('new')
    expect(readFileSync(join(target, 'data', 'old'), 'utf8')).toBe('old')
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('secret')

    rmSync(join(target, 'data'), { recursive: true })
    mkdirSync(join(folder, 'elsewhere'))
    symlinkSync('../elsewhere', join(target, 'data'))
    await expect(copy(sending(archiveOf(fine)))).rejects.toMatchObject({ code: 'COPY_FAILED' })
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual([])
  })

  test('given an archive that breaks off, or a tar that fails, then nothing has the name of the target', async () => {
    const whole = archiveOf([{ path: 'data', content: 'x'.repeat(2_000) }])
    await expect(copy(sending(whole.subarray(0, 1_024)))).rejects.toMatchObject({ code: 'COPY_FAILED' })
    const failing = sending(whole, { exitCode: 2, complaint: 'tar: data: read error\n' })
    await expect(copy(failing)).rejects.toMatchObject({
      code: 'COPY_FAILED',
      facts: { detail: 'tar: data: read error' },
    })
    await expect(copy(sending(Buffer.alloc(0), { exitCode: 66 }))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    expect(readdirSync(folder)).toEqual([])
  })

  test('given a log that grew meanwhile, then it is copied all the same', async () => {
    await copy(sending(archiveOf(fine), { exitCode: 1, complaint: 'tar: data/file: file changed as we read it\n' }))
    expect(readdirSync(target)).toEqual(['file'])
  })

  test('given a program that would run as another user, then it does not here', async () => {
    await copy(sending(archiveOf([{ path: 'data', content: 'x', mode: 0o4755, uid: 1_234 }])))
    const { mode, uid } = lstatSync(target)
    expect({ mode: mode & 0o7000, uid }).toEqual({ mode: 0, uid: process.getuid?.() })
  })
})
