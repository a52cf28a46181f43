/** Whatever stands in a file that is read, it is taken or refused with a code: no crash, and not for long. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { BadArchive } from '../../../src/adapters/docker/archive-header.ts'
import { checkedArchive } from '../../../src/adapters/docker/archive-check.ts'
import { registryCredentials } from '../../../src/adapters/docker/registry-credentials.ts'
import { contextsFile, readContexts } from '../../../src/doors/cli/peer/contexts.ts'
import { isClawError } from '../../../src/model/failure.ts'
import { readMembership } from '../../../src/services/admission/membership-file.ts'
import { traceOf } from '../../../src/sim/arrivals.ts'
import { scenarioOf } from '../../../src/sim/scenario.ts'
import { hardText } from '../../support/fuzz/garbage.ts'

const numRuns = Number(process.env['CLAW_FUZZ_RUNS'] ?? 60)
const mostMs = 2_000

const home = mkdtempSync(join(tmpdir(), 'claw-fuzz-files-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const { signal } = new AbortController()

interface Reader {
  /** Files that are nearly right. */
  readonly nearly: readonly object[]
  read(text: string): Promise<unknown>
}

async function drained(archive: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const chunk of archive) bytes += chunk.length
  return bytes
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield await Promise.resolve(bytes)
}

const readers: Readonly<Record<string, Reader>> = {
  'contexts of the CLI': {
    nearly: [
      { current: 'a', contexts: { a: { addresses: ['http://a:1'] } } },
      { current: null, contexts: null },
    ],
    read(text) {
      const file = contextsFile({ env: {}, home })
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
      chmodSync(file, 0o600)
      return readContexts({ env: {}, home })
    },
  },
  'Docker’s own logins': {
    nearly: [{ auths: { 'r.example': { auth: 'YTpi' } } }, { credHelpers: { 'r.example': '../x' } }, { auths: null }],
    read(text) {
      const dockerConfig = join(home, 'config.json')
      writeFileSync(dockerConfig, text)
      return registryCredentials({ logins: {}, dockerConfig })('r.example/app:1', signal)
    },
  },
  'the membership of a data directory': {
    nearly: [{ version: 1, genesis: {}, certificate: '', addresses: [], networkKey: null, founding: null }],
    read: (text) => readMembership({ readBlob: () => Promise.resolve(Buffer.from(text)) }),
  },
  'the archive of an image': {
    nearly: [],
    read: (text) => drained(checkedArchive(once(Buffer.from(text.padEnd(2_048, '\0'))), `sha256:${'a'.repeat(64)}`)),
  },
  'a trace to simulate': {
    nearly: [
      { time: 1, duration: '1m' },
      { time: -1, duration: null },
    ],
    read: (text) => Promise.resolve().then(() => traceOf('trace', text, 'replace')),
  },
  'a scenario': {
    nearly: [{ peers: 3, faults: [{ at: '1s', kill: 'peer-9' }] }],
    read: (text) => Promise.resolve().then(() => scenarioOf('scenario', asJson(text))),
  },
}

/** What a file of YAML may hold is more than JSON, but not much. */
function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const textFor = (nearly: readonly object[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(
      ...hardText,
      '[]',
      'null',
      '1',
      '"x"',
      '{"contexts":null}',
      `time,duration\n1,${'9'.repeat(30)}h\n`,
    ),
    fc.json({ maxDepth: 3 }),
    fc.string({ unit: 'binary', maxLength: 100 }),
    ...nearly.map((one) => {
      const whole = JSON.stringify(one)
      return fc
        .tuple(fc.nat(whole.length), fc.nat(6), fc.constantFrom(...hardText, 'null', '0', '{}', '[]'))
        .map(([at, drop, put]) => whole.slice(0, at) + put.slice(0, 40) + whole.slice(at + drop))
    }),
    ...nearly.map((one) =>
      fc
        .tuple(fc.constantFrom(...Object.keys(one)), fc.jsonValue())
        .map(([key, value]) => JSON.stringify({ ...one, [key]: value })),
    ),
  )

describe.each(Object.entries(readers))('%s', (_, { nearly, read }) => {
  test('are read or refused', async () => {
    await fc.assert(
      fc.asyncProperty(textFor(nearly), async (text) => {
        const before = performance.now()
        const answer = await read(text).catch((error: unknown) => error)
        if (answer instanceof Error && !isClawError(answer) && !(answer instanceof BadArchive)) throw answer
        expect(performance.now() - before, 'ms').toBeLessThan(mostMs)
      }),
      { numRuns },
    )
  })
})
