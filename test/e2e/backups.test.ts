/** Backups on a real engine: what was copied comes back, what is stored tells nobody anything, and nothing is ever half. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { S3mini } from 's3mini'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { DockerMesh, hasLab, onDocker } from '../support/docker-mesh.ts'
import { labDocker, labImage, removeContainers, sharedFolder } from '../support/lab-docker.ts'
import { type Daemon, dist, eventually, type WorkloadInfo } from '../support/mesh.ts'

interface Backup {
  readonly id: string
  readonly state: string
  readonly volumes: readonly string[]
  readonly node: string
  readonly files: readonly { readonly name: string }[]
}

/** What must be found nowhere but in the volume. */
const canary = 'canary-of-a-volume-4711'
/** Of objects: scripts/lab/s3.sh starts one. */
const store = process.env['CLAW_LAB_S3'] ?? ''

/** It is on this host itself. */
const storeAllowed = { CLAWNODE_STORES_HOSTS: '127.0.0.1' }

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const folder = join(sharedFolder, `backups-${process.pid}`)
  let mesh: DockerMesh
  let one: Daemon
  let two: Daemon
  const ids: string[] = []

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    mesh = new DockerMesh()
    one = await mesh.addDocker('one', storeAllowed)
    two = await mesh.add('two', {
      ...onDocker,
      environment: { ...onDocker.environment, ...storeAllowed, CLAWNODE_GPU_AUTO_DETECT: 'false' },
    })
    for (const daemon of [one, two]) ids.push((await daemon.json<{ id: string }>('gateway', 'ping')).id)
    await one.json('volume', 'create', 'data', '--node', 'two', '--label', 'tier=gold')
    await run('writer', `echo ${canary} > /data/file; mkdir /data/more; seq 20000 > /data/more/numbers`)
  })
  afterAll(async () => {
    await mesh.stop()
    for (const id of ids) await removeContainers(labDocker ?? '', `claw.node=${id}`)
    const docker = connectEngine(labDocker ?? '')
    const { Volumes } = await docker.listVolumes()
    const own = Volumes.filter(({ Name }) => isOwn(Name))
    await Promise.all(own.map(({ Name }) => docker.getVolume(Name).remove()))
    rmSync(folder, { recursive: true, force: true })
  })

  const isOwn = (name: string): boolean => ids.some((id) => name.includes(`-${id.slice(-8)}-`))
  const run = async (name: string, script: string, volume = 'data'): Promise<WorkloadInfo> => {
    await one.json('run', '-d', '--name', name, '--volume', `${volume}:/data`, labImage, '--', 'sh', '-c', script)
    return eventually(
      `${name} has ended`,
      30_000,
      () => one.json<WorkloadInfo>('workload', 'info', name),
      ({ state }) => ['completed', 'failed'].includes(state),
    )
  }
  /** What copies volumes of these nodes at present. */
  const copiers = async () => {
    const filters = { label: ['claw.helper=volume'] }
    const all = await connectEngine(labDocker ?? '').listContainers({ all: true, filters })
    return all.filter(({ Mounts }) => Mounts.some(({ Name = '' }) => isOwn(Name)))
  }
  const output = async (name: string): Promise<string> => (await one.cli('logs', name)).stdout.trim()
  const create = (...words: readonly string[]): Promise<Backup> =>
    one.json<Backup>('backup', 'create', '--to', folder, '--node', 'one', ...words)

  test('given a volume of another node, when it is backed up here, then what is stored is whole, and tells nothing', async () => {
    const { id, state, node } = await create('--label', 'tier=gold')
    expect([state, node]).toEqual(['complete', 'one'])
    expect(readdirSync(join(folder, id)).toSorted()).toEqual(['data.tar.sealed', 'manifest.json'])
    for (const file of readdirSync(join(folder, id)))
      expect(readFileSync(join(folder, id, file)).includes(canary)).toBe(false)
    expect((await one.cli('backup', 'verify', id)).stdout).toContain('is whole')

    await one.json('backup', 'restore', id, '--to', 'again', '--node', 'two')
    const reader = await run('reader', 'cat /data/file; tail -1 /data/more/numbers', 'again')
    expect([reader.node, await output('reader')]).toEqual(['two', `${canary}\n20000`])
  })

  test('given a backup, when the data is spoiled and replaced, then it is as it was, and only if it is told to', async () => {
    const { id } = await create('--volume', 'data')
    await run('spoiler', 'rm /data/file; echo new > /data/other')
    expect((await one.cli('backup', 'restore', id)).stderr).toContain('VOLUME_EXISTS')
    await one.json('backup', 'restore', id, '--replace', '--yes')
    await run('looker', 'ls /data; cat /data/file')
    expect(await output('looker')).toBe(`file\nmore\n${canary}`)
  })

  test('given a backup of a mesh that is lost, when another one is given its key, then it takes it in and restores it', async () => {
    const { id } = await create('--volume', 'data')
    const value = (await one.cli('secret', 'get', 'backup-key')).stdout.trim()
    const found = ['backup', 'import', id, '--from', folder]
    const other = new DockerMesh()
    const alone = await other.addDocker('alone', storeAllowed)
    ids.push((await alone.json<{ id: string }>('gateway', 'ping')).id)
    try {
      expect((await alone.cli(...found)).stderr).toContain('SECRET_NOT_FOUND')
      await alone.json('secret', 'create', 'wrong', '--generate', '48')
      expect((await alone.cli(...found, '--secret', 'wrong')).stderr).toContain('BACKUP_FAILED')
      // It is forgotten, and its files stay.
      await alone.json('backup', 'delete', id, '--yes')
      await eventually(
        'it is forgotten',
        10_000,
        () => alone.json<readonly Backup[]>('backup', 'list'),
        (all) => all.length === 0,
      )
      await alone.json('secret', 'create', 'old-key', '--literal', value)
      expect(await alone.json<Backup>(...found, '--secret', 'old-key')).toMatchObject({ volumes: ['data'] })
      await alone.json('backup', 'restore', id, '--to', 'data')
      const script = ['run', '--volume', 'data:/data', labImage, '--', 'cat', '/data/file']
      expect((await alone.cli(...script)).stdout).toBe(`${canary}\n`)
    } finally {
      await other.stop()
    }
  })

  test('given a byte that has changed, then the file is named, and nothing of it is restored', async () => {
    const { id } = await create('--volume', 'data')
    const path = join(folder, id, 'data.tar.sealed')
    const bytes = readFileSync(path)
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1
    writeFileSync(path, bytes)
    const verified = await one.cli('backup', 'verify', id)
    expect([verified.code, verified.stderr]).toEqual([7, expect.stringContaining('data.tar.sealed')])
    const restored = await one.cli('backup', 'restore', id, '--to', 'broken')
    expect(restored.stderr).toContain('BACKUP_DAMAGED')
    expect((await one.cli('volume', 'info', 'broken')).stderr).toContain('VOLUME_NOT_FOUND')
    await one.json('backup', 'delete', id, '--yes')
    await eventually(
      'it is gone',
      5_000,
      async () => readdirSync(folder),
      (names) => !names.includes(id),
    )
  })

  test('given the state of the mesh, then it comes back as the file that mesh restore takes', async () => {
    const { id } = await create('--mesh')
    await one.json('backup', 'fetch', id, join(folder, 'mesh.claw'))
    expect(readFileSync(join(folder, 'mesh.claw'), 'utf8')).toMatch(/^\{"format":"clawbernetes-backup"/)
  })

  test.skipIf(store === '')(
    'given a store of objects, when a volume is backed up to it, then it comes back from there',
    async () => {
      const keys = process.env['CLAW_LAB_S3_KEYS'] ?? ''
      const cut = keys.lastIndexOf(':')
      const account = { accessKeyId: keys.slice(0, cut), secretAccessKey: keys.slice(cut + 1), region: 'us-east-1' }
      const bucket = new S3mini({ ...account, endpoint: `${store}/claw-backups` })
      if (!(await bucket.bucketExists())) await bucket.createBucket()
      writeFileSync(join(folder, 'keys'), keys)
      await one.json('secret', 'create', 'store', '--file', join(folder, 'keys'))
      rmSync(join(folder, 'keys'))
      const at = ['--s3', `${store}/claw-backups/e2e`, '--s3-secret', 'store']
      const made = await one.cli('--json', 'backup', 'create', '--volume', 'data', ...at)
      expect([made.code, made.stderr]).toEqual([0, expect.anything()])
      const { id } = JSON.parse(made.stdout) as Backup
      expect((await one.cli('backup', 'verify', id)).stdout).toContain('is whole')
      await one.json('backup', 'restore', id, '--to', 'from-store')
      await run('from-store', 'cat /data/file', 'from-store')
      expect(await output('from-store')).toBe(canary)
      expect(JSON.stringify(await one.json('backup', 'info', id))).not.toContain(account.secretAccessKey)
      await one.json('backup', 'delete', id, '--yes')
      await eventually(
        'it is gone',
        10_000,
        () => bucket.listObjects('/', `e2e/${id}/`),
        (left) => (left ?? []).length === 0,
      )
    },
  )

  test('given a daemon that is killed in the middle, then nothing is whole that is not, and the next one is made', async () => {
    await one.json('volume', 'create', 'large', '--node', 'two')
    await run('filler', 'dd if=/dev/urandom of=/data/much bs=1M count=192 2>/dev/null', 'large')
    const before = readdirSync(folder).toSorted()
    const made = one.json<{ readonly id: string }>(
      'backup',
      'create',
      '--volume',
      'large',
      '--to',
      folder,
      '--node',
      'one',
      '--detach',
    )
    const { id } = await made
    await eventually(
      'it is being written',
      20_000,
      async () => readdirSync(folder),
      (names) => names.some((name) => name.includes(id) && name !== id),
    )
    await one.end('SIGKILL')
    expect(readdirSync(folder)).not.toContain(id)
    await one.start()
    // Tried again as soon as the node is back: what it takes is the copy itself.
    const { state } = await eventually(
      'it has ended',
      30_000,
      () => one.json<Backup>('backup', 'info', id),
      (backup) => backup.state !== 'running',
    )
    expect(['complete', 'failed']).toContain(state)
    expect(readdirSync(folder).toSorted()).toEqual([...before, ...(state === 'complete' ? [id] : [])].toSorted())
    if (state === 'complete') expect((await one.cli('backup', 'verify', id)).stdout).toContain('is whole')
    expect(await create('--volume', 'data')).toMatchObject({ state: 'complete' })
    // Also what the other node was copying for the one that was killed.
    await eventually('nothing copies any more', 10_000, copiers, (left) => left.length === 0)
  })

  test('given the node with the volume is killed in the middle, then nothing that copied it is left when it is back', async () => {
    const { id } = await one.json<Backup>(
      ...['backup', 'create', '--volume', 'large', '--to', folder, '--node', 'one', '--detach'],
    )
    await eventually('it is being copied', 20_000, copiers, (left) => left.length > 0)
    await two.end('SIGKILL')
    expect(await copiers()).toHaveLength(1)
    await two.start()
    await eventually('nothing copies any more', 30_000, copiers, (left) => left.length === 0)
    const { state } = await eventually(
      'it has ended',
      30_000,
      () => one.json<Backup>('backup', 'info', id),
      (backup) => backup.state !== 'running',
    )
    expect(readdirSync(folder).includes(id)).toBe(state === 'complete')
    await one.json('backup', 'delete', id, '--yes')
  })

  test('given Ctrl-C in the middle, then nothing of it stays', async () => {
    const { length: before } = await eventually(
      'all are whole, and what was deleted is gone',
      10_000,
      () => one.json<readonly Backup[]>('backup', 'list'),
      (list) => list.every(({ state }) => state === 'complete'),
    )
    const words = [
      '--gateway',
      `unix:${one.socket}`,
      'backup',
      'create',
      '--volume',
      'large',
      '--to',
      folder,
      '--node',
      'one',
    ]
    const child = spawn(process.execPath, [dist('clawbernetes.js'), ...words], { stdio: 'pipe' })
    await new Promise((resolve) => child.stderr.once('data', resolve))
    child.kill('SIGINT')
    await new Promise((resolve) => child.once('exit', resolve))
    await eventually(
      'it is not known any more',
      10_000,
      () => one.json<readonly Backup[]>('backup', 'list'),
      (list) => list.length === before && list.every(({ state }) => state === 'complete'),
    )
    expect(readdirSync(folder).filter((name) => name.startsWith('.draft'))).toEqual([])
  })

  test('given a schedule, then there is one for each moment, and as many stay as are to be kept', async () => {
    const when = ['--cron', '*/2 * * * * *', '--keep-last', '2']
    await one.json(
      'backup',
      'schedule',
      'create',
      'often',
      '--volume',
      'data',
      '--to',
      folder,
      '--node',
      'one',
      ...when,
    )
    const made = await eventually(
      'enough have been made',
      20_000,
      () => one.json<readonly { readonly fired: number; readonly kept: number }[]>('backup', 'schedule', 'list'),
      ([schedule]) => (schedule?.fired ?? 0) >= 4,
    )
    expect(made[0]?.kept).toBeLessThanOrEqual(2)
    await one.json('backup', 'schedule', 'delete', 'often')
    await eventually(
      'two have stayed',
      10_000,
      () => one.json<readonly Backup[]>('backup', 'list', '--schedule', 'often'),
      (list) => list.length <= 3 && list.every(({ state }) => state === 'complete'),
    )
  })
})
