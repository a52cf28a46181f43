/** Several workloads on one GPU, each with so much of its memory, where the owner of the host allows it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Daemon, eventually, Mesh, type StatusReply, type WorkloadInfo } from '../support/mesh.ts'

interface Info extends WorkloadInfo {
  readonly reason: string | null
  readonly devices: readonly string[]
}

interface NodeInfo {
  readonly hardware: { readonly sharing: boolean }
  readonly gpus: readonly {
    readonly state: string
    readonly workload: string | null
    readonly shares: readonly { readonly workload: string; readonly memoryMib: number }[]
  }[]
}

let mesh: Mesh
let host: Daemon

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['open'], gpus: '1xH100', extra: ['--gpu-sharing'] })
  host = mesh.get(0)
  await mesh.add('closed', { gpus: '1xH100' })
  await eventually(
    'both nodes and their GPUs are known',
    15_000,
    () => host.json<StatusReply>('status'),
    ({ nodes, gpus }) => nodes.healthy === 2 && gpus.total === 2,
  )
})
afterAll(async () => {
  await mesh.stop()
})

const info = (name: string): Promise<Info> => host.json('workload', 'info', name)
const nodeInfo = (name: string): Promise<NodeInfo> => host.json('node', 'info', name)
const reaches = (name: string, holds: (info: Info) => boolean): Promise<Info> =>
  eventually(`${name} is so far`, 30_000, () => info(name), holds)
const runs = (name: string): Promise<Info> => reaches(name, ({ state }) => state === 'running')
const waits = (name: string, reason: string): Promise<Info> =>
  reaches(name, (one) => one.state === 'pending' && one.reason === reason)
const file = (name: string): string => join(mesh.directory, name)
/** Says how much is its own, and runs until the file of its name is there. */
const submit = (name: string, ...options: readonly string[]): Promise<unknown> => {
  const script = `echo "my share: $CLAW_GPU_SHARE_MIB"; until [ -e ${file(name)} ]; do sleep 0.1; done`
  return host.json('run', '-d', '--name', name, '--gpus', '1', ...options, 'host', '--', 'sh', '-c', script)
}
const finish = (name: string): void => {
  writeFileSync(file(name), '')
}

test('given a host that allows it, then two share its GPU, a third waits for memory, and a whole one for all of them', async () => {
  await submit('first', '--gpu-share', '40Gi')
  await submit('second', '--gpu-share', '32Gi')
  const [first, second] = [await runs('first'), await runs('second')]
  expect([first.node, second.node]).toEqual(['open', 'open'])
  expect(first.devices).toHaveLength(1)
  expect(second.devices).toEqual(first.devices)
  expect((await host.cli('logs', 'first')).stdout).toBe('my share: 40960\n')
  const [shared] = (await nodeInfo('open')).gpus
  expect(shared).toMatchObject({ state: 'shared', workload: null })
  expect(shared?.shares.toSorted((a, b) => b.memoryMib - a.memoryMib)).toEqual([
    { workload: 'first', memoryMib: 40_960 },
    { workload: 'second', memoryMib: 32_768 },
  ])

  await submit('third', '--gpu-share', '8Gi')
  await submit('whole', '--node', 'open')
  await waits('third', '2 nodes considered: 1 has no GPU with 8192 MiB left to share; 1 shares no GPUs')
  await waits('whole', '2 nodes considered: 1 needs 1 GPU, has 0 free; 1 is not open')

  finish('second')
  await runs('third')
  finish('first')
  await reaches('first', ({ state }) => state === 'completed')
  await waits('whole', '2 nodes considered: 1 needs 1 GPU, has 0 free; 1 is not open')
  finish('third')
  expect(await runs('whole')).toMatchObject({ node: 'open', devices: first.devices })

  await submit('late', '--gpu-share', '1Gi')
  await waits('late', '2 nodes considered: 1 has no GPU with 1024 MiB left to share; 1 shares no GPUs')
  finish('whole')
  await runs('late')
})

test('given a daemon that is killed and starts again, then its GPU is still shared', async () => {
  await host.end('SIGKILL')
  await host.start()
  await runs('late')
  await submit('beside', '--gpu-share', '70Gi')
  await runs('beside')
  await submit('whole-again', '--node', 'open')
  await waits('whole-again', '2 nodes considered: 1 needs 1 GPU, has 0 free; 1 is not open')
  for (const name of ['late', 'beside', 'whole-again']) finish(name)
  await reaches('whole-again', ({ state }) => state === 'completed')
})

test('given a host whose owner has not allowed it, then it has no shares, also when it is the only one asked', async () => {
  expect((await nodeInfo('open')).hardware.sharing).toBe(true)
  expect((await nodeInfo('closed')).hardware.sharing).toBe(false)
  await submit('refused', '--gpu-share', '1Gi', '--node', 'closed')
  await waits('refused', '2 nodes considered: 1 is not closed; 1 shares no GPUs')
  await host.json('stop', 'refused')
})

test('a share of a MIG instance, and one without a size, is refused', async () => {
  const mig = await host.cli('--json', 'run', '-d', '--gpu-share', '1Gi', '--mig', '1g.10gb', 'host', '--', 'true')
  expect(JSON.parse(mig.stderr)).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
  const none = await host.cli('--json', 'run', '-d', '--gpu-share', 'much', 'host', '--', 'true')
  expect(JSON.parse(none.stderr)).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
})
