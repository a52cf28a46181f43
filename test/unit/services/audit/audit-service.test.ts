import { afterEach, beforeEach, expect, test } from 'vitest'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuditStore } from '../../../../src/adapters/audit/file-audit-store.ts'
import { readLine } from '../../../../src/core/audit/entry.ts'
import { verify } from '../../../../src/core/audit/verify.ts'
import { denialLimits } from '../../../../src/core/audit/denials.ts'
import type { OpenedAuditStore } from '../../../../src/ports/audit.ts'
import { silent } from '../../../../src/ports/log.ts'
import { AuditService } from '../../../../src/services/audit/audit-service.ts'
import { World } from '../../../../src/simulation/world.ts'
import { node, record } from '../../../support/audit-chain.ts'
import { FakeMetrics } from '../../../support/fake-metrics.ts'

let folder: string
let world: World
const open: AuditService[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claw-audit-'))
  world = new World(3)
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((audit) => audit.stop()))
  rmSync(folder, { recursive: true })
})

const openFolder = (): Promise<OpenedAuditStore> => openAuditStore(folder, (line) => readLine(line) !== null)

async function started(
  bounds = { segmentBytes: 1 << 20, totalBytes: 8 << 20 },
  openStore = openFolder,
): Promise<AuditService> {
  const audit = new AuditService(
    { ...{ self: node, clock: world, log: silent, metrics: new FakeMetrics() }, open: openStore },
    bounds,
  )
  await audit.start()
  open.push(audit)
  return audit
}

async function linesOf(audit: AuditService, from = 1): Promise<readonly string[]> {
  const reader = audit.read(from)
  let text = ''
  for (let block = await reader.next(); block !== null; block = await reader.next()) text += block
  await reader.close()
  return text.split('\n').slice(0, -1)
}

const one = async (audit: AuditService, object: string): Promise<void> =>
  (await audit.begin({ ...record({ object }), makesRoom: false }))('ok')

test('given a disk that is slow to flush, then what is to be done is not held up, but its answer is', async () => {
  const disk = Promise.withResolvers<undefined>()
  let isSlow = false
  const audit = await started(undefined, async () => {
    const opened = await openFolder()
    const sync = opened.store.sync.bind(opened.store)
    opened.store.sync = () => (isSlow ? disk.promise.then(sync) : sync())
    return opened
  })
  await one(audit, 'first')
  isSlow = true
  const end = await audit.begin({ ...record({ object: 'w' }), makesRoom: false })
  const order: string[] = ['done']
  const answered = end('ok').then(() => order.push('answered'))
  await new Promise((resolve) => setImmediate(resolve))
  order.push('flushed')
  disk.resolve(undefined)
  await answered
  expect(order).toEqual(['done', 'flushed', 'answered'])
})

test('given many at once, then all of them are in one chain, and few flushes were needed', async () => {
  const audit = await started()
  await Promise.all(Array.from({ length: 200 }, (_, i) => one(audit, `w${i}`)))
  const lines = await linesOf(audit)
  expect(verify(lines, { node, heads: [], after: null })).toMatchObject({ entries: 400, fault: null })
})

test('given a log that grows beyond its bounds, then the oldest goes, the rest is whole, and the disk holds no more than that', async () => {
  const bounds = { segmentBytes: 4_096, totalBytes: 24_576 }
  const audit = await started(bounds)
  for (let i = 0; i < 100; i += 1) await one(audit, `w${i}`)
  const lines = await linesOf(audit)
  const verdict = verify(lines, { node, heads: audit.head === null ? [] : [audit.head], after: null })
  expect(verdict).toMatchObject({ fault: null })
  expect(verdict.first).toBeGreaterThan(50)
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  expect(bytes).toBeLessThanOrEqual(bounds.totalBytes + bounds.segmentBytes)
})

test('given a restart, then the chain goes on', async () => {
  const before = await started()
  await one(before, 'first')
  await before.stop()
  const after = await started()
  await one(after, 'second')
  expect(verify(await linesOf(after), { node, heads: [], after: null })).toMatchObject({ entries: 4, fault: null })
})

test('given an end that a crash has torn, when the node starts, then that is cut off and said', async () => {
  const before = await started()
  await one(before, 'first')
  await before.stop()
  const [name = ''] = readdirSync(folder)
  const whole = readFileSync(join(folder, name), 'utf8')
  writeFileSync(join(folder, name), `${whole}{"actor":"soc`)
  const after = await started()
  await one(after, 'second')
  const lines = await linesOf(after)
  expect(verify(lines, { node, heads: [], after: null })).toMatchObject({ entries: 5, fault: null })
  expect(readLine(lines[2] ?? '')?.entry).toMatchObject({ operation: 'audit.recovered', object: '13 bytes cut off' })
})

test('given a flood of tries, then it is counted', async () => {
  const audit = await started()
  for (let i = 0; i < 1_000; i += 1)
    audit.denied({ actor: 'mallory', operation: 'workload.run', outcome: 'AUTH_FAILED' })
  await world.runFor(denialLimits.window + 1)
  await audit.flushed()
  const entries = (await linesOf(audit)).map((line) => readLine(line)?.entry)
  expect(entries).toHaveLength(denialLimits.perActor + 1)
  expect(entries.at(-1)).toMatchObject({ actor: 'mallory', decision: 'denied', count: 990 })
})
