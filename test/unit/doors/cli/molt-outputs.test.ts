import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Session } from '../../../../src/doors/cli/line/command.ts'
import type { Api } from '../../../../src/doors/cli/peer/api.ts'
import { fetchOutputs } from '../../../../src/doors/cli/work/molt-outputs.ts'
import { tarEnd, tarHeader, tarPadding } from '../../../../src/lib/tar-header.ts'
import { ClawError } from '../../../../src/model/failure.ts'

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'claw-outputs-'))
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

const file = (name: string, text: string): Buffer =>
  Buffer.concat([tarHeader({ name, bytes: text.length }), Buffer.from(text), tarPadding(text.length)])
const link = (name: string, to: string): Buffer => {
  const header = tarHeader({ name, bytes: 0 })
  header.write('2', 156, 'latin1')
  header.write(to, 157, 'latin1')
  header.write('        ', 148, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}
const whole = Buffer.concat([file('a/b', 'hello'), file('c', 'x'.repeat(3_000)), tarEnd()])

interface Said {
  readonly archive?: Buffer
  readonly sha256?: string
  /** It is broken off after so many bytes, once. */
  cutAfter?: number
}

/** A provider that sends an archive, and what it was asked for. */
function sending(said: Said) {
  const asked: number[] = []
  const { archive = whole, sha256 = createHash('sha256').update(archive).digest('hex') } = said
  async function* stream(_: string, { from }: { readonly from: number }) {
    asked.push(from)
    const until = said.cutAfter ?? archive.length
    for (let at = from; at < until; at += 700)
      yield { type: 'part', data: archive.subarray(at, Math.min(until, at + 700)).toString('base64') }
    if (said.cutAfter !== undefined) {
      delete said.cutAfter
      throw new ClawError('NODE_UNREACHABLE', { node: 'provider', detail: 'it went away' })
    }
    yield { type: 'end', sha256 }
  }
  return { api: { stream } as unknown as Api, asked }
}

const session = { out: { note: () => undefined }, signal: new AbortController().signal } as unknown as Session
const fetching = (api: Api) =>
  fetchOutputs(api, { job: 'mj-a', node: undefined, folders: ['/out'], to: join(place, 'to') }, session)

describe('given work that has left something', () => {
  test('when it is fetched, then it is there as it was, and nothing else is', async () => {
    const [fetched] = await fetching(sending({}).api)
    expect(fetched).toMatchObject({ folder: '/out', files: 2, bytes: 3_005, leftOut: 0 })
    expect(readFileSync(join(place, 'to/out/a/b'), 'utf8')).toBe('hello')
    expect(readdirSync(join(place, 'to'))).toEqual(['out'])
  })

  test('when it is broken off, then nothing is to be seen of it, and the next one goes on where that was', async () => {
    const provider = sending({ cutAfter: 2_000 })
    await expect(fetching(provider.api)).rejects.toThrow(ClawError)
    expect(existsSync(join(place, 'to/out'))).toBe(false)
    await fetching(provider.api)
    expect(provider.asked).toEqual([0, 2_000])
    expect(readFileSync(join(place, 'to/out/c'), 'utf8')).toBe('x'.repeat(3_000))
  })

  test('when what was there before is of something else, then it begins anew', async () => {
    mkdirSync(join(place, 'to'))
    writeFileSync(join(place, 'to/.mj-a-0.part'), 'something else')
    const provider = sending({})
    await fetching(provider.api)
    expect(provider.asked).toEqual([14, 0])
    expect(readFileSync(join(place, 'to/out/a/b'), 'utf8')).toBe('hello')
  })

  test('when its place is taken, then that is left as it is', async () => {
    mkdirSync(join(place, 'to/out'), { recursive: true })
    await expect(fetching(sending({}).api)).rejects.toThrow('is there already')
  })
})

describe('given a provider that means harm', () => {
  const outside = (): readonly string[] => readdirSync(place)

  test.each<readonly [string, Said]>([
    ['a path that leads out', { archive: Buffer.concat([file('../escaped', 'x'), tarEnd()]) }],
    ['a path from the root', { archive: Buffer.concat([file('/tmp/escaped', 'x'), tarEnd()]) }],
    ['the same name twice', { archive: Buffer.concat([file('a', 'x'), file('a', 'y'), tarEnd()]) }],
    ['a file that is to be a folder', { archive: Buffer.concat([file('a', 'x'), file('a/b', 'y'), tarEnd()]) }],
    ['what is no archive', { archive: Buffer.alloc(5_000, 'x') }],
    ['less than all', { archive: file('a', 'x') }],
    ['something else than it says', { sha256: '0'.repeat(64) }],
  ])('when it sends %s, then nothing of it is kept', async (_, said) => {
    await expect(fetching(sending(said).api)).rejects.toMatchObject({ code: 'MOLT_DATA_BAD' })
    expect(existsSync(join(place, 'to/out'))).toBe(false)
    expect(outside()).toEqual(['to'])
  })

  test('when it sends a link and then writes through it, then the link is left out, and what was behind it is as it was', async () => {
    writeFileSync(join(place, 'own'), 'own')
    const archive = Buffer.concat([link('l', '../../own'), link('d', '../..'), file('d/own', 'theirs'), tarEnd()])
    const [fetched] = await fetching(sending({ archive }).api)
    expect(fetched).toMatchObject({ files: 1, leftOut: 2 })
    expect(readFileSync(join(place, 'own'), 'utf8')).toBe('own')
  })
})
