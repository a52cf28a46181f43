/** Disks run full, and what is on them is damaged: what was acknowledged stays, and nobody is told less than there is. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, eventually, Mesh, type StatusReply, type WorkloadInfo } from '../support/mesh.ts'
import { fillDisk, mountSmallDisk } from '../support/small-disk.ts'
import { figure } from '../support/figure.ts'

const isRoot = process.getuid?.() === 0
/** Work of the state, as one array that waits for GPUs that nobody has. */
const jobs = 1_000

describe.skipIf(!isRoot)('with a small disk, which takes root', () => {
  let mesh: Mesh
  let hurt: Daemon
  let well: Daemon
  let unmount = (): void => {}

  beforeAll(async () => {
    mesh = new Mesh()
    const folder = join(mesh.directory, 'two')
    mkdirSync(folder, { mode: 0o700 })
    unmount = mountSmallDisk(folder, 48)
    for (const name of ['one', 'two', 'three']) await mesh.add(name, {})
    await mesh.voters(3)
    ;[well, hurt] = [mesh.get(0), mesh.get(1)]
  })
  afterAll(async () => {
    await Promise.all(mesh.daemons.map((daemon) => daemon.end('SIGKILL')))
    unmount()
    await mesh.stop()
  })

  test('given submissions, when the disk of the leader runs full, then another leads, reads go on, changes through the full one are refused, and it is well soon after there is space', async () => {
    await eventually(
      'the one with the small disk leads',
      20_000,
      async () => {
        await well.cli('gateway', 'transfer', 'two')
        return (await well.json<StatusReply>('status')).leader
      },
      (leader) => leader === 'two',
    )
    const filler = join(hurt.dataDir, 'filler')
    const acknowledged: string[] = []
    let isOver = false
    let longest = 0
    const submitting = (async () => {
      let last = Date.now()
      for (let i = 0; !isOver; i += 1) {
        const reply = await well.cli('--json', 'run', '-d', '--name', `job-${i}`, 'host', '--', 'true')
        if (reply.code !== 0) continue
        acknowledged.push(`job-${i}`)
        longest = Math.max(longest, Date.now() - last)
        last = Date.now()
      }
    })()
    await eventually(
      'work is taken',
      20_000,
      () => Promise.resolve(acknowledged.length),
      (now) => now > 0,
    )
    fillDisk(filler)
    await eventually(
      'another leads',
      20_000,
      () => well.json<StatusReply>('status'),
      ({ leader }) => leader !== null && leader !== 'two',
    )
    const refused = await eventually(
      'a change through the full one is refused',
      10_000,
      () => hurt.cli('--json', 'namespace', 'create', `full-${Date.now()}`),
      ({ code }) => code !== 0,
    )
    expect(refused.stderr).toContain('DISK_FULL')
    expect((await hurt.cli('workload', 'list')).code).toBe(0)
    const before = acknowledged.length
    await eventually('work is taken meanwhile', 10_000, () => Promise.resolve(acknowledged.length), (now) => now > before + 2) // prettier-ignore

    rmSync(filler)
    const freedAt = Date.now()
    await eventually(
      'changes through it work again, and it has all that was decided',
      30_000,
      async () => [
        (await hurt.cli('--json', 'namespace', 'create', `free-${Date.now()}`)).code,
        (await hurt.json<StatusReply>('status')).nodes.healthy,
      ],
      ([code, healthy]) => code === 0 && healthy === 3,
    )
    const healthyAfterMs = Date.now() - freedAt
    isOver = true
    await submitting
    const final = await eventually(
      'all that was acknowledged has ended',
      30_000,
      () => hurt.json<WorkloadInfo[]>('workload', 'list', '--limit', '10000'),
      (list) => list.every(({ state }) => state === 'completed'),
    )
    const names = new Set(final.map(({ name }) => name))
    const lost = acknowledged.filter((name) => !names.has(name))
    figure('F8', { acknowledged: acknowledged.length, lost: lost.length, healthyAfterMs, longestGapMs: longest })
    expect(lost).toEqual([])
  })

  test('given a thousand jobs, when what a node keeps is damaged in eight ways, then it is found or harms nobody, and the node has all of them again', async () => {
    await well.json(
      'run',
      '-d',
      '--array',
      String(jobs),
      '--gpus',
      '8',
      '--gpu-type',
      'H200',
      '--name',
      'many',
      'host',
      '--',
      'true',
    )
    const count = async (): Promise<number> =>
      (
        await hurt.json<readonly unknown[]>(
          'workload',
          'list',
          '--group',
          'many',
          '--limit',
          '10000',
          '--consistency',
          'stale',
        )
      ).length
    await eventually('it knows of all of them', 20_000, count, (found) => found === jobs)

    const state = (file: string): string => join(hurt.dataDir, 'state', file)
    const journal = state('raft.journal')
    const old = join(mesh.directory, 'old')
    copyFileSync(journal, old)
    await well.json('namespace', 'create', 'since')
    const audit = (): string =>
      join(hurt.dataDir, 'audit', readdirSync(join(hurt.dataDir, 'audit')).toSorted().at(-1) ?? '')
    const flip = (file: string, part: number): void => {
      const bytes = readFileSync(file)
      const at = Math.floor(part * bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ 0xff
      writeFileSync(file, bytes)
    }
    const garbage = (file: string): void => {
      const bytes = readFileSync(file)
      bytes.fill(0xa5, Math.floor(bytes.length / 3), Math.floor(bytes.length / 3) + 4_096)
      writeFileSync(file, bytes)
    }
    const damages: Readonly<Record<string, () => void>> = {
      'a byte of the header': () => flip(journal, 0.0001),
      'a byte in the middle': () => flip(journal, 0.5),
      'a block of garbage': () => garbage(journal),
      'the end cut off': () => truncateSync(journal, Math.floor(readFileSync(journal).length * 0.9)),
      'all of it cut off': () => truncateSync(journal, 0),
      'the file gone': () => rmSync(journal),
      'an old copy of it': () => copyFileSync(old, journal),
      'the ledger of devices': () => flip(state('device-ledger.journal'), 0.5),
    }
    const outcomes: Record<string, string> = {}
    for (const [kind, damage] of Object.entries(damages)) {
      await hurt.end('SIGKILL')
      const said = hurt.log.length
      damage()
      const startedAt = Date.now()
      if (kind === 'the ledger of devices') {
        // It sets the file aside and ends; whoever runs it starts it again.
        hurt.spawn()
        await eventually('it ends', 20_000, () => Promise.resolve(hurt.exitCode), (code) => code !== null) // prettier-ignore
      }
      await hurt.start()
      await eventually(
        `it has all of them again after ${kind}`,
        60_000,
        async () => {
          const [found, { nodes }] = [await count(), await hurt.json<StatusReply>('status')]
          return found === jobs && nodes.healthy === 3
        },
        (isWell) => isWell,
      )
      const found = /damaged|is lost|not fit together/.test(hurt.log.slice(said)) ? 'found' : 'harmless'
      outcomes[kind] = `${found}, well after ${Date.now() - startedAt} ms`
      await mesh.voters(3)
    }
    for (const name of ['on-record', 'on-record-too']) await hurt.json('namespace', 'create', name)
    flip(audit(), 0.4)
    const broken = await hurt.cli('--json', 'audit', 'verify')
    expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining('AUDIT_BROKEN')])
    outcomes['a byte of the audit log'] = 'found'
    figure('F9', outcomes)
    expect(Object.keys(outcomes)).toHaveLength(9)
  })
})
