import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AdmissionFacts } from '../../../../src/core/membership/capacity-table.ts'
import {
  admitReport,
  maxAge,
  maxSkew,
  newCapacityTable,
  retainMembers,
} from '../../../../src/core/membership/capacity-table.ts'
import { unknownSample } from '../../../../src/model/gpu-health.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { NodeReport } from '../../../../src/model/report.ts'
import { compareVersions } from '../../../../src/model/report.ts'
import type { SignedReport } from '../../../../src/wire/capacity.ts'
import { reportCodec } from '../../../../src/wire/report-codec.ts'

const now = 1_750_000_000_000
const ada = nodeId('ada')

const report = (change: Partial<NodeReport> = {}): NodeReport => ({
  node: ada,
  incarnation: now - 60_000,
  sequence: 5,
  at: now,
  gpus: [unknownSample('SIM-0')],
  busy: [],
  host: { cpuUtilization: 1, memoryUsedMib: 1, memoryTotalMib: 2, diskFreeMib: 3 },
  problems: [],
  version: '0.1.0',
  ...change,
})

const good = new Uint8Array(64).fill(1)
const sign = (content: NodeReport, signature = good): SignedReport => ({
  report: reportCodec.encode(content),
  signature,
})
const facts: AdmissionFacts = {
  now,
  isMember: (node) => node === ada || node === 'bob',
  isSignedBy: (_node, { signature }) => signature === good,
}

function admitAfter(before: readonly NodeReport[], signed: SignedReport) {
  const table = newCapacityTable()
  for (const earlier of before) admitReport(table, sign(earlier), facts)
  const { verdict, reason } = admitReport(table, signed, facts)
  return { said: `${verdict}: ${reason}`, held: table.held.get(ada)?.report.sequence ?? null }
}

test.each([
  ['the first report of a member', [], sign(report()), 'accept: new', 5],
  ['a newer one', [report()], sign(report({ sequence: 6 })), 'accept: new', 6],
  [
    'the first of a new life',
    [report({ sequence: 99 })],
    sign(report({ incarnation: now, sequence: 1 })),
    'accept: new',
    1,
  ],
  ['the same again', [report()], sign(report()), 'ignore: known', 5],
  ['one that was overtaken', [report()], sign(report({ sequence: 4, at: now - 5_000 })), 'ignore: outdated', 5],
  ['an old one, replayed', [report()], sign(report({ sequence: 2, at: now - maxSkew - 1 })), 'reject: replayed', 5],
  [
    'one of an earlier life, replayed',
    [report()],
    sign(report({ incarnation: now - 9e8, at: now - 8e8 })),
    'reject: replayed',
    5,
  ],
  ['another one of the same version', [report()], sign(report({ busy: ['SIM-0'] })), 'reject: conflicting', 5],
  ['one with a wrong signature', [], sign(report(), new Uint8Array(64)), 'reject: forged', null],
  ['one from the future', [], sign(report({ at: now + maxSkew + 1 })), 'reject: future', null],
  ['one of a life that has not begun', [], sign(report({ incarnation: now + maxSkew + 1 })), 'reject: future', null],
  ['one from long ago', [], sign(report({ at: now - maxAge - 1 })), 'reject: stale', null],
  ['one of a stranger', [], sign(report({ node: nodeId('eve') })), 'ignore: not-a-member', null],
  ['random bytes', [], { report: Uint8Array.of(255, 255, 255), signature: good }, 'reject: malformed', null],
  ['ten mebibytes', [], { report: new Uint8Array(10_485_760), signature: good }, 'reject: oversized', null],
  [
    'a small node with a large report',
    [],
    { report: padded(report(), 2_000), signature: good },
    'reject: oversized',
    null,
  ],
] as const)('given a table, when %s arrives, then the right thing is believed', (_what, before, signed, said, held) => {
  expect(admitAfter(before, signed)).toEqual({ said, held })
})

test('given a report that is refused for a cheap reason, when it is judged, then its signature is not checked', () => {
  const table = newCapacityTable()
  let checks = 0
  const counting = { ...facts, isSignedBy: () => (checks += 1) > 0 }
  admitReport(table, sign(report()), counting)
  for (const late of [
    report(),
    report({ sequence: 4 }),
    report({ at: now + 9e9, sequence: 9 }),
    report({ node: nodeId('eve') }),
  ])
    admitReport(table, sign(late), counting)
  expect(checks).toBe(1)
})

test('given any order of arrival, when all reports have come, then the newest is held', () => {
  const version = fc.record({
    incarnation: fc.integer({ min: now - 3, max: now }),
    sequence: fc.integer({ min: 1, max: 4 }),
  })
  fc.assert(
    fc.property(fc.array(version, { minLength: 1 }), (versions) => {
      const table = newCapacityTable()
      for (const one of versions) admitReport(table, sign(report(one)), facts)
      const newest = versions.toSorted(compareVersions).at(-1)
      expect(table.held.get(ada)?.report).toMatchObject(newest ?? {})
    }),
  )
})

test('given a member that was removed, when the members change, then its report is forgotten', () => {
  const table = newCapacityTable()
  admitReport(table, sign(report()), facts)
  retainMembers(table, () => false)
  expect([table.held.size, table.byTail.size]).toEqual([0, 0])
})

/** The report with an unknown field behind it, which decoders skip. */
function padded(content: NodeReport, size: number): Uint8Array {
  return Uint8Array.of(
    ...reportCodec.encode(content),
    0xfa,
    0x01,
    ...[0x80 | (size & 0x7f), size >> 7],
    ...new Uint8Array(size),
  )
}
