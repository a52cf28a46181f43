/** Volumes that a real store of objects holds (scripts/lab/s3.sh starts one): read by work on whichever node, whole, and what was there when it started. */
import { S3mini } from 's3mini'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { DockerMesh, hasLab, onDocker } from '../support/docker-mesh.ts'
import { labDocker, labImage, removeContainers } from '../support/lab-docker.ts'
import { type Daemon, eventually, type WorkloadInfo } from '../support/mesh.ts'

const store = process.env['CLAW_LAB_S3'] ?? ''
const keys = process.env['CLAW_LAB_S3_KEYS'] ?? ''
/** What is beside a copy that is whole. */
const wholeOf = (name: string): string => `${name.replace(/\.whole$/, '')}.whole`
const prefix = `volumes-${process.pid}`

describe.skipIf(!hasLab || store === '')('with an engine and a store of objects', () => {
  let mesh: DockerMesh
  let one: Daemon
  let two: Daemon
  let bucket: S3mini
  const ids: string[] = []
  const large = Buffer.alloc(24 * 1_048_576, 'of many megabytes ')

  beforeAll(async () => {
    const cut = keys.lastIndexOf(':')
    const account = { accessKeyId: keys.slice(0, cut), secretAccessKey: keys.slice(cut + 1), region: 'us-east-1' }
    bucket = new S3mini({ ...account, endpoint: `${store}/claw-volumes` })
    if (!(await bucket.bucketExists())) await bucket.createBucket()
    await put('hello', 'first')
    await put('in/a/folder/größe 1.txt', 'deep')
    await put('weights', large)
    await put('folder/', '')
    mesh = new DockerMesh()
    const environment = { CLAWNODE_STORES_HOSTS: '127.0.0.1' }
    one = await mesh.addDocker('one', environment)
    two = await mesh.add('two', {
      ...onDocker,
      environment: { ...onDocker.environment, ...environment, CLAWNODE_GPU_AUTO_DETECT: 'false' },
    })
    for (const daemon of [one, two]) ids.push((await daemon.json<{ id: string }>('gateway', 'ping')).id)
    await one.cli('secret', 'create', 'store', '--literal', keys)
    await create('weights')
  })
  afterAll(async () => {
    await mesh.stop()
    for (const id of ids) await removeContainers(labDocker ?? '', `claw.node=${id}`)
    const docker = connectEngine(labDocker ?? '')
    await Promise.all((await copies()).map((name) => docker.getVolume(name).remove()))
    for (const { Key } of (await bucket.listObjects('/', `${prefix}/`)) ?? []) await bucket.deleteObject(Key)
  })

  const put = (name: string, content: string | Buffer) => bucket.putObject(`${prefix}/${name}`, content)
  const create = (name: string, ...more: readonly string[]) =>
    one.json('volume', 'create', name, '--s3', `${store}/claw-volumes/${prefix}`, '--s3-secret', 'store', ...more)
  const copies = async (): Promise<readonly string[]> => {
    const { Volumes } = await connectEngine(labDocker ?? '').listVolumes()
    const names = Volumes.map(({ Name }) => Name).toSorted()
    return names.filter((name) => ids.some((id) => name.includes(`-${id.slice(-8)}-`)))
  }
  const isOver = ({ state }: WorkloadInfo): boolean => ['completed', 'failed'].includes(state)
  const info = (name: string): Promise<WorkloadInfo> => one.json<WorkloadInfo>('workload', 'info', name)
  const start = (name: string, script: string, node: string, volume = 'weights') =>
    one.json('run', '-d', '--name', name, '--node', node, '-v', `${volume}:/w`, labImage, '--', 'sh', '-c', script)
  const run = async (...asked: Parameters<typeof start>): Promise<WorkloadInfo> => {
    await start(...asked)
    return eventually(`${asked[0]} has ended`, 60_000, () => info(asked[0]), isOver)
  }
  const output = async (name: string): Promise<string> => (await one.cli('logs', name)).stdout.trim()

  test('given objects, when work of any node mounts them, then it reads all of them as files, and can write none', async () => {
    const script = 'cd /w; cat hello; cat "in/a/folder/größe 1.txt"; stat -c %s weights; ls; touch hello 2>&1'
    for (const node of ['one', 'two']) {
      const { state } = await run(`reader-${node}`, script, node)
      expect([state, (await output(`reader-${node}`)).split('\n')]).toEqual([
        'failed',
        ['firstdeep25165824', 'hello', 'in', 'weights', expect.stringContaining('Read-only')],
      ])
    }
    const inspected = await connectEngine(labDocker ?? '').listContainers({ all: true })
    expect(JSON.stringify(inspected)).not.toContain(keys.slice(keys.lastIndexOf(':') + 1))
  })

  test('given a change in the store, then work that starts later sees it, what runs keeps what it has, and what is the same is copied once', async () => {
    const before = await copies()
    await start('stays', 'cat /w/hello; echo; until [ -e /tmp/go ]; do sleep 0.1; done; cat /w/hello', 'one')
    await eventually(
      'it runs',
      60_000,
      () => info('stays'),
      ({ state }) => state === 'running',
    )
    expect(await copies()).toEqual(before)
    await put('hello', 'second')
    await run('later', 'cat /w/hello', 'one')
    expect(await output('later')).toBe('second')
    await one.cli('exec', 'stays', '--', 'touch', '/tmp/go')
    await eventually('it has ended', 30_000, () => info('stays'), isOver)
    expect(await output('stays')).toBe('first\nfirst')
  })

  test('given a daemon that is killed while it copies, then the next one begins anew, and gives nobody half of it', async () => {
    for (const part of ['x', 'y', 'z']) await put(`much/${part}`, large)
    await start('patient', 'cat /w/much/x /w/much/y /w/much/z | wc -c', 'two')
    // Asked of the engine itself: what the mesh says of it comes some time later.
    await eventually('it copies', 30_000, copies, (names) => names.some((name) => !names.includes(wholeOf(name))))
    await two.end('SIGKILL')
    await two.start()
    expect(await eventually('it has ended', 90_000, () => info('patient'), isOver)).toMatchObject({
      state: 'completed',
    })
    expect(await output('patient')).toBe(String(3 * large.length))
  })

  test('given too little room, wrong keys, or a name that can be no file, then the work fails and says why', async () => {
    await create('small', '--size', '8Mi')
    expect((await run('cramped', 'true', 'one', 'small')).error?.code).toBe('TOO_LARGE')
    await one.cli('secret', 'create', 'wrong', '--literal', `${keys}-wrong`)
    const words = ['--s3', `${store}/claw-volumes/${prefix}`, '--s3-secret', 'wrong']
    await one.json('volume', 'create', 'locked', ...words)
    const locked = await run('locked-out', 'true', 'one', 'locked')
    expect([locked.error?.code, locked.error?.message]).toEqual(['VOLUME_SOURCE', expect.stringContaining('403')])
    await put('in/a', 'a folder and a file')
    const odd = await run('odd', 'true', 'one')
    expect([odd.error?.code, odd.error?.message]).toEqual(['VOLUME_SOURCE', expect.stringContaining('in/a')])
    await bucket.deleteObject(`${prefix}/in/a`)
  })

  test('given a volume that work writes, then it goes back when it is told to, and what somebody else has changed is refused', async () => {
    const at = `${prefix}-runs`
    const run7 = (key: string): string => `${at}/${key}`
    await bucket.putObject(run7('step'), '1')
    await bucket.putObject(run7('in/größe'), 'deep')
    const made = ['--s3', `${store}/claw-volumes/${at}`, '--s3-secret', 'store', '--access', 'RWO', '--node', 'two']
    await one.json('volume', 'create', 'results', ...made)
    expect((await one.cli('volume', 'push', 'results')).stderr).toContain('no work has used')
    const script =
      'cat /w/step "/w/in/größe"; echo 2 > /w/step; mkdir /w/out; head -c 40000000 /dev/zero > /w/out/large; ln -s step /w/link; ln /w/step /w/same'
    const words = ['run', '-d', '--name', 'writer', '--user', '4711', '-v', 'results:/w', labImage, '--', 'sh', '-c']
    await one.json(...words, script)
    const over = await eventually('writer has ended', 60_000, () => info('writer'), isOver)
    expect([over.state, over.node, await output('writer')]).toEqual(['completed', 'two', '1deep'])
    // Nothing goes by itself.
    expect(await bucket.getObject(run7('step'))).toBe('1')
    const push = async (...more: readonly string[]) => {
      const { code, stdout, stderr } = await one.cli('--json', 'volume', 'push', 'results', ...more)
      return code === 0 ? (JSON.parse(stdout) as object) : { code, stderr }
    }
    const others = { leftOut: 1, leftOutPaths: ['link'] }
    expect(await push()).toMatchObject({ put: 3, deleted: 0, left: 0, theirs: 0, bytes: 40_000_004, ...others })
    for (const key of ['step', 'same']) expect(await bucket.getObject(run7(key))).toBe('2\n')
    // In parts, of which nothing is to be put again.
    expect(await push()).toMatchObject({ put: 0, bytes: 0 })
    await bucket.putObject(run7('step'), 'theirs')
    const again = 'test "$(cat /w/step)" = 2 && echo 3 > /w/step && rm -r /w/in && rm /w/same'
    await one.json('run', '-d', '--name', 'again', '-v', 'results:/w', labImage, '--', 'sh', '-c', again)
    await eventually('again has ended', 60_000, () => info('again'), isOver)
    expect(await push()).toEqual({ code: 7, stderr: expect.stringMatching(/VOLUME_STORE_CHANGED.*\(1\): step/) })
    expect(await push('--force', '--delete')).toMatchObject({ put: 1, deleted: 2 })
    expect(await bucket.getObject(run7('step'))).toBe('3\n')
    expect(await bucket.objectExists(run7('in/größe'))).toBe(false)
    await one.json('volume', 'delete', 'results')
    expect((await copies()).filter((name) => name.includes('-results'))).toEqual([])
    for (const { Key } of (await bucket.listObjects('/', `${at}/`)) ?? []) await bucket.deleteObject(Key)
  })

  test('given a volume that is deleted, then its copies go, and the store keeps what is in it', async () => {
    const refused = await one.cli('volume', 'snapshot', 'weights')
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('kept there')])
    for (const name of ['weights', 'small', 'locked']) await one.json('volume', 'delete', name)
    const left = (await copies()).filter((name) => name.includes(`-${(ids[0] ?? '').slice(-8)}-`))
    expect(left).toEqual([])
    expect(await bucket.getObject(`${prefix}/hello`)).toBe('second')
  })
})
