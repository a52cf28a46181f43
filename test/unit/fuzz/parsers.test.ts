/** Whatever text a parser is given, it reads it or refuses it in its own words: no crash, and not for long. */
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amdProbe } from '../../../src/adapters/amd/probe.ts'
import { appleProbe } from '../../../src/adapters/apple/probe.ts'
import { readLabels } from '../../../src/adapters/docker/labels.ts'
import { microseconds } from '../../../src/adapters/docker/entry-lines.ts'
import { intelProbe } from '../../../src/adapters/intel/probe.ts'
import { parseName } from '../../../src/adapters/logs/segment.ts'
import { nvidiaProbe } from '../../../src/adapters/nvidia/probe.ts'
import { configFromEnvironment, layer, parseConfigFile } from '../../../src/config/load.ts'
import { decodeBook } from '../../../src/core/images/book.ts'
import { decodeLedgerRecord } from '../../../src/core/agent/ledger-record.ts'
import { levelOf } from '../../../src/core/logs/level.ts'
import { decodeSpool } from '../../../src/core/spool/spool.ts'
import { decodeCommand, decodeOutcome } from '../../../src/core/state/entry.ts'
import { parseAddress } from '../../../src/doors/cli/peer/address.ts'
import { templateOf } from '../../../src/doors/cli/show/template.ts'
import { selectorOf } from '../../../src/doors/cli/show/label-selector.ts'
import { pairsOf } from '../../../src/doors/cli/line/pairs.ts'
import { parseForward } from '../../../src/doors/cli/talk/port-forward.ts'
import { spanOption } from '../../../src/doors/cli/line/span-option.ts'
import { PathError, parsePath } from '../../../src/lib/json-path.ts'
import { parseDuration, parseMemoryMib, parseSince } from '../../../src/lib/units.ts'
import { isClawError } from '../../../src/model/failure.ts'
import { parseReference } from '../../../src/model/image.ts'
import { parseSimulatedGpus } from '../../../src/model/simulated-gpus.ts'
import { readRange } from '../../../src/model/version.ts'
import { filterOf } from '../../../src/operations/logs/log-input.ts'
import type { GpuProbe } from '../../../src/ports/probe.ts'
import type { RunTool } from '../../../src/ports/tool.ts'
import { readNotice } from '../../../src/wire/conversation-socket.ts'
import { decodeFailure, frameCodec, helloCodec } from '../../../src/wire/frame.ts'
import { hardText } from '../../support/fuzz/garbage.ts'

const numRuns = Number(process.env['CLAW_FUZZ_RUNS'] ?? 150)
/** Longer than any text of this size takes on a slow machine. */
const mostMs = 2_000

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8')

/** Refusing is throwing a ClawError, or what is named here; anything else that is thrown is a bug. */
interface Parser {
  read(text: string): unknown
  readonly refusal?: new (...given: never) => Error
}

const parsers: Readonly<Record<string, Parser>> = {
  'a size': { read: parseMemoryMib },
  'a span of time': { read: parseDuration },
  'a moment': { read: (text) => parseSince(text, 1_750_000_000_000) },
  'an option that is a span': { read: (text) => spanOption('--timeout', text) },
  'ports to forward': { read: parseForward },
  pairs: { read: (text) => pairsOf([text], 'label') },
  'a selector of labels': { read: (text) => selectorOf(text)({ a: 'b' }) },
  'a template': { read: (text) => templateOf(text) },
  'a JSON path': { read: parsePath, refusal: PathError },
  'the address of a peer': { read: parseAddress },
  'the name of an image': { read: parseReference },
  'simulated GPUs': { read: parseSimulatedGpus },
  'a range of versions': { read: readRange },
  'what to search for': { read: (text) => filterOf({ search: text, since: text, context: 0 }, 1_000, false) },
  'the level of a line': { read: (text) => levelOf(Buffer.from(text), 0, Buffer.byteLength(text)) },
  'a configuration': { read: (text) => layer('file', parseConfigFile('file', text)) },
  'the environment': {
    read: (text) =>
      layer(
        'environment',
        configFromEnvironment({ CLAWNODE_NAME: text, CLAWNODE_NODE_LABELS: text, CLAWNODE_API_LISTEN: text }),
      ),
  },
  'labels of a container': {
    read: (text) => readLabels({ 'claw.workload': text, 'claw.placement': text, 'claw.node': text }),
  },
  'a time stamp of the engine': { read: microseconds },
  'the name of a log segment': { read: parseName },
  'a notice of a conversation': { read: readNotice },
  'a command of the log': { read: (text) => decodeCommand(bytes(text)) },
  'an outcome': { read: (text) => decodeOutcome(bytes(text)) },
  'a book of images': { read: (text) => decodeBook(bytes(text)) },
  'a spool': { read: (text) => decodeSpool(bytes(text)) },
  'a record of the ledger': { read: (text) => decodeLedgerRecord(bytes(text)) },
  // What a frame holds is decoded under a guard that counts any error as misconduct.
  'a frame': { read: (text) => frameCodec.decode(Buffer.from(text, 'latin1')), refusal: Error },
  'a hello': { read: (text) => helloCodec.decode(Buffer.from(text, 'latin1')), refusal: Error },
  'a failure': { read: (text) => decodeFailure(Buffer.from(text, 'latin1')), refusal: Error },
}

const marks = [
  ...[
    ':',
    '=',
    ',',
    '.',
    '/',
    '@',
    '-',
    '[',
    ']',
    '{',
    '}',
    '(',
    ')',
    '"',
    "'",
    '\\',
    '|',
    '*',
    '?',
    '+',
    '$',
    '!',
    '#',
    '%',
  ],
  ...[
    '\n',
    '\0',
    '\t',
    ' ',
    '0',
    '9',
    '00',
    '1e9',
    'h',
    'Gi',
    'ago',
    'sha256:',
    'unix:',
    'http://',
    'level=',
    'ERROR',
    'null',
  ],
]
const text = fc.oneof(
  fc.constantFrom(...hardText),
  fc.array(fc.constantFrom(...marks), { maxLength: 40 }).map((parts) => parts.join('')),
  fc
    .array(fc.oneof(fc.constantFrom(...marks), fc.string({ maxLength: 3 })), { maxLength: 20 })
    .map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom(...marks), fc.integer({ min: 1, max: 5_000 })).map(([mark, times]) => mark.repeat(times)),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.json({ maxDepth: 3 }),
)

function judge({ read, refusal }: Parser, given: string): void {
  const before = performance.now()
  try {
    read(given)
  } catch (error) {
    if (!isClawError(error) && !(refusal !== undefined && error instanceof refusal)) throw error
  }
  expect(performance.now() - before, 'ms').toBeLessThan(mostMs)
}

describe.each(Object.entries(parsers))('%s', (_, parser) => {
  test('is read or refused', () => {
    fc.assert(
      fc.property(text, (given) => judge(parser, given)),
      { numRuns },
    )
  })
})

const fixtures = new URL('../../fixtures/', import.meta.url)
const recorded = ['nvidia', 'amd', 'intel', 'apple'].flatMap((vendor) =>
  readdirSync(new URL(`${vendor}/`, fixtures)).map((name) =>
    readFileSync(new URL(`${vendor}/${name}`, fixtures), 'utf8'),
  ),
)

/** The output of a tool with some of it cut out, doubled or replaced. */
const damaged = fc
  .tuple(
    fc.constantFrom(...recorded),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(400), text), { maxLength: 3 }),
  )
  .map(([whole, cuts]) =>
    cuts.reduce((before, [at, length, put]) => {
      const from = Math.floor(at * before.length)
      return `${before.slice(0, from)}${put.slice(0, 200)}${before.slice(from + length)}`
    }, whole),
  )

const probes: Readonly<Record<string, (runTool: RunTool) => GpuProbe>> = {
  nvidia: (runTool) => nvidiaProbe(runTool),
  amd: amdProbe,
  intel: intelProbe,
  apple: appleProbe,
}

describe.each(Object.entries(probes))('the GPUs of %s', (_, probeOf) => {
  test('given any output of the tools, are looked for without an exception', async () => {
    const { signal } = new AbortController()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(damaged, text), { minLength: 1, maxLength: 4 }),
        fc.nat(3),
        async (outputs, code) => {
          let turn = 0
          const runTool: RunTool = () => {
            const stdout = outputs[turn++ % outputs.length] ?? ''
            return Promise.resolve({
              code: code === 3 ? 1 : 0,
              stdout,
              stderr: '',
              timedOut: false,
              missing: false,
              truncated: false,
            })
          }
          const probe = probeOf(runTool)
          const { gpus } = await probe.inventory(signal)
          const { samples } = await probe.sample(signal)
          // What is found must be what the mesh takes: whole numbers where it wants them, and no NaN anywhere.
          expect(JSON.stringify([gpus, samples])).not.toContain('NaN')
          for (const { index, memoryMib } of gpus) expect([index, memoryMib].every(Number.isSafeInteger)).toBe(true)
        },
      ),
      { numRuns: Math.ceil(numRuns / 3) },
    )
  })
})
