import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeBackup } from '../../../support/backup-file.ts'
import { ada, meshOf } from '../../../support/control-samples.ts'
import { fakeHost } from '../../../support/fake-host.ts'
import { cli, items } from '../../../support/run-cli.ts'

let folder: string
let file: string
const backup = Buffer.from(encodeBackup(meshOf([ada]).state, { at: 1_000, software: '0.1.0' }))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claw-mesh-'))
  file = join(folder, 'mesh.claw')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const inParts = (bytes: Buffer) => () =>
  items({ data: bytes.subarray(0, 100).toString('base64') }, { data: bytes.subarray(100).toString('base64') })

describe('mesh backup', () => {
  test('writes the parts to a file that only its owner reads, and takes the place of an older one', async () => {
    writeFileSync(file, 'older', { mode: 0o644 })
    const { code, out } = await cli(['mesh', 'backup', file], { 'mesh.backup': inParts(backup) })
    expect(code).toBe(0)
    expect(out).toContain('mesh lab with 1 node(s) and 0 workload(s)')
    expect(readFileSync(file)).toEqual(backup)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['mesh.claw'])
  })

  test('leaves the older file as it is when what comes is not whole', async () => {
    writeFileSync(file, 'older')
    const { code, err } = await cli(['mesh', 'backup', file, '--json'], {
      'mesh.backup': inParts(backup.subarray(0, -1)),
    })
    expect(code).toBe(5)
    expect(err).toContain('BACKUP_INVALID')
    expect(readFileSync(file, 'utf8')).toBe('older')
  })

  test('says where it cannot write', async () => {
    const { code, err } = await cli(['mesh', 'backup', join(folder, 'no', 'mesh.claw')], {
      'mesh.backup': inParts(backup),
    })
    expect(code).toBe(5)
    expect(err).toContain('ENOENT')
  })
})

const status = {
  ...{ gateway: 'x', leader: 'ada', nodes: { healthy: 1, unhealthy: 0 } },
  ...{ gpus: { total: 0, available: 0 }, workloads: { running: 0, pending: 0 } },
}
const restored = { mesh: 'lab', takenAt: '2026-01-01T00:00:00.000Z', workloads: 0, replaced: 0, rolledBack: false }

describe('mesh restore', () => {
  const answers = { status: () => status, 'mesh.upload': () => ({ received: 0 }), 'mesh.restore': () => restored }

  test('sends the file and has it restored', async () => {
    writeFileSync(file, backup)
    const { code, asked, err } = await cli(['mesh', 'restore', file, '--yes'], answers)
    expect(code).toBe(0)
    expect(err).toContain('This cannot be undone.')
    const [, sent, last] = asked
    expect(sent?.input).toMatchObject({ offset: 0, data: backup.toString('base64') })
    const { upload } = sent?.input as { readonly upload: string }
    expect(last?.input).toEqual({ upload, force: false })
  })

  test('asks nobody about a file that is damaged', async () => {
    writeFileSync(file, backup.subarray(0, -1))
    const { code, asked } = await cli(['mesh', 'restore', file, '--yes'], answers)
    expect([code, asked]).toEqual([5, []])
  })

  test('changes nothing without a terminal and without --yes, and where the name is not typed', async () => {
    writeFileSync(file, backup)
    const unasked = await cli(['mesh', 'restore', file], answers)
    expect([unasked.code, unasked.asked.map(({ name }) => name)]).toEqual([5, ['status']])
    expect(unasked.err).toContain('--yes')
    const wrong = await cli(['mesh', 'restore', file], answers, fakeHost({ isTTY: true, input: 'yes\n' }))
    expect([wrong.code, wrong.asked.map(({ name }) => name)]).toEqual([5, ['status']])
    const typed = await cli(['mesh', 'restore', file], answers, fakeHost({ isTTY: true, input: 'lab\n' }))
    expect(typed.code).toBe(0)
  })
})

describe('gateway recover', () => {
  const gateway = {
    ...{ leader: null, leaderId: null, meshName: 'lab', node: 'ada', role: 'follower', term: 3 },
    ...{ voters: ['ada', 'bob', 'cyd'], voterIds: ['a', 'b', 'c'], committed: 9, applied: 9, epoch: 3, followers: [] },
  }
  const answers = {
    'gateway.status': () => gateway,
    'gateway.recover': () => ({ node: 'ada', nodeId: 'a', lost: ['bob', 'cyd'], term: 1, applied: 2 }),
  }

  test('takes --unsafe, and --yes or the name of the mesh', async () => {
    const bare = await cli(['gateway', 'recover', '--yes'], answers)
    expect([bare.code, bare.asked]).toEqual([5, []])
    const unasked = await cli(['gateway', 'recover', '--unsafe'], answers)
    expect(unasked.code).toBe(5)
    const typed = await cli(['gateway', 'recover', '--unsafe'], answers, fakeHost({ isTTY: true, input: 'lab\n' }))
    expect(typed.code).toBe(0)
    expect(typed.err).toContain('2 of 3 voters are given up: bob, cyd')
    expect(typed.asked.at(-1)?.input).toEqual({ unsafe: true, confirm: 'lab', force: false })
    const { code, out } = await cli(['gateway', 'recover', '--unsafe', '--yes'], answers)
    expect(code).toBe(0)
    expect(out).toContain('clawbernetes node remove bob --force')
  })
})
