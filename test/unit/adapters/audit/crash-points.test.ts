import { beforeEach, expect, test, vi } from 'vitest'
import { openAuditStore } from '../../../../src/adapters/audit/file-audit-store.ts'
import { readLine } from '../../../../src/core/audit/entry.ts'
import { verify } from '../../../../src/core/audit/verify.ts'
import type { AuditHead } from '../../../../src/model/audit.ts'
import { silent } from '../../../../src/ports/log.ts'
import { AuditService } from '../../../../src/services/audit/audit-service.ts'
import { World } from '../../../../src/simulation/world.ts'
import { node, record } from '../../../support/audit-chain.ts'
import { cuts, FailingFs, PowerCut } from '../../../support/failing-fs.ts'
import { FakeMetrics } from '../../../support/fake-metrics.ts'
import { figure } from '../../../support/figure.ts'

const power = vi.hoisted((): { fs: unknown } => ({ fs: null }))

vi.mock('node:fs/promises', () => {
  const through =
    (name: string) =>
    (...args: unknown[]): unknown =>
      (power.fs as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args)
  const names = ['mkdir', 'open', 'readdir', 'readFile', 'rename', 'rm', 'stat']
  return Object.fromEntries(names.map((name) => [name, through(name)]))
})

beforeEach(() => {
  power.fs = new FailingFs()
})

/** So small that segments come and go. */
const bounds = { segmentBytes: 1_500, totalBytes: 6_000 }

const serviceOn = (fs: FailingFs): AuditService => {
  power.fs = fs
  return new AuditService(
    {
      ...{ self: node, clock: new World(1), log: silent, metrics: new FakeMetrics() },
      open: () => openAuditStore('/audit', (line) => readLine(line) !== null),
    },
    bounds,
  )
}

async function linesOf(audit: AuditService): Promise<readonly string[]> {
  const reader = audit.read(1)
  let text = ''
  for (let block = await reader.next(); block !== null; block = await reader.next()) text += block
  return text.split('\n').slice(0, -1)
}

/** Does ten things, and notes the beginning of each that was answered. Throws PowerCut as soon as there is no power. */
async function work(audit: AuditService, fs: FailingFs, heads: AuditHead[]): Promise<void> {
  const alive = (): void => {
    if (fs.operations >= fs.cutAt) throw new PowerCut('no power')
  }
  await audit.start()
  for (let i = 0; i < 10; i += 1) {
    const end = await audit.begin({ ...record({ object: `w${i}` }), makesRoom: false })
    const { head } = audit
    alive()
    await end('ok')
    alive()
    if (head !== null) heads.push(head)
  }
  await audit.stop()
  alive()
}

test('given a power cut at any write, when the node starts again, then the log is whole, and has all that was acknowledged', async () => {
  let points = 0
  let recoveries = 0
  for (let cutAt = 1; ; cutAt += 1) {
    const fs = new FailingFs()
    fs.cutAt = cutAt
    const heads: AuditHead[] = []
    try {
      await work(serviceOn(fs), fs, heads)
      break
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error
    }
    for (const cut of cuts) {
      const after = serviceOn(fs.recovered(cut))
      await after.start()
      const end = await after.begin({ ...record({ object: 'again' }), makesRoom: false })
      await end('ok')
      const lines = await linesOf(after)
      const kept = heads.filter(({ seq }) => seq >= (readLine(lines[0] ?? '')?.entry.seq ?? 1))
      expect(verify(lines, { node, heads: kept.slice(-1), after: null })).toMatchObject({ fault: null })
      expect(lines.filter((line) => line.includes('"object":"again"'))).toHaveLength(2)
      recoveries += lines.filter((line) => line.includes('audit.recovered')).length
      await after.stop()
      points += 1
    }
  }
  figure('F10', { auditWriteBoundaries: points, recoveries })
  expect(points).toBeGreaterThanOrEqual(150)
  expect(recoveries).toBeGreaterThan(10)
})

test('given a full disk, when something begins, then it is refused, and what ended meanwhile is written once there is room', async () => {
  const fs = new FailingFs()
  const audit = serviceOn(fs)
  await audit.start()
  const end = await audit.begin({ ...record({ object: 'early' }), makesRoom: false })
  fs.isFull = true
  await expect(audit.begin({ ...record({ object: 'late' }), makesRoom: false })).rejects.toMatchObject({
    code: 'DISK_FULL',
  })
  await end('ok')
  const stopped = await audit.begin({ ...record({ object: 'stopped' }), makesRoom: true })
  await stopped('ok')
  fs.isFull = false
  await (
    await audit.begin({ ...record({ object: 'after' }), makesRoom: false })
  )('ok')
  const lines = await linesOf(audit)
  expect(verify(lines, { node, heads: [], after: null })).toMatchObject({ fault: null })
  expect(lines.map((line) => [readLine(line)?.entry.object, readLine(line)?.entry.outcome].join(' '))).toEqual([
    ...['early begun', 'early ok', 'stopped begun', 'stopped ok', 'after begun', 'after ok'],
  ])
  await audit.stop()
})
