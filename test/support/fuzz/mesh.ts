/** Two peers with something of everything: work that runs and work that waits, output, a deployment, a namespace, an operator. */
import { meshId } from '../../../src/model/ids.ts'
import { WorkloadSpec } from '../../../src/model/workload.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import { ada, bob, inventory, submit } from '../control-samples.ts'
import { create, settings } from '../deployment-samples.ts'
import { FakeLog } from '../fake-log.ts'
import { FakeMetrics } from '../fake-metrics.ts'
import { MemoryImages } from '../memory-images.ts'
import { silent } from '../../../src/ports/log.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import { ImageService } from '../../../src/services/images/image-service.ts'
import { SimDisk } from '../../../src/simulation/disk.ts'
import { OperationsMesh, sample } from '../operations-mesh.ts'

export interface FuzzMesh {
  readonly mesh: OperationsMesh
  /** Of ada, whose mesh is led by ada too. */
  readonly service: OperationService
}

export async function fuzzMesh(): Promise<FuzzMesh> {
  const mesh = new OperationsMesh()
  for (const node of [ada, bob]) mesh.images.set(node, await imagesOf(node, mesh))
  const service = await mesh.service(ada)
  await mesh.service(bob)
  await mesh.world.runFor(1_000)
  for (const node of [ada, bob]) mesh.apply({ type: 'report-inventory', node, inventory: inventory(node, 2) })
  mesh.samples.set(bob, [sample(`GPU-${bob}-0`), sample(`GPU-${bob}-1`)])
  mesh.apply(submit('wl-aaaaaaaaaa', { gpus: { count: 1 } }, 'job'))
  mesh.apply(submit('wl-bbbbbbbbbb', { dependencies: [] }, 'waiting'))
  mesh.apply({ ...create(settings({ service: { port: 9_000, targetPort: 8_080 } })) })
  mesh.apply({
    type: 'create-namespace',
    name: 'lab',
    quota: { gpus: null, cpuMillis: null, memoryMib: null, workloads: null },
    weight: 1,
    borrow: true,
  })
  await runJob(mesh)
  mesh.programs = {
    ...mesh.programs,
    allowed: (name) => Promise.resolve(`/usr/bin/${name.slice(0, 8)}`),
    run: () => Promise.resolve({ exitCode: 0, stdout: 'hi\n', stderr: '', timedOut: false, truncated: false }),
  }
  return { mesh, service }
}

async function imagesOf(node: NodeId, { network, world }: OperationsMesh): Promise<ImageService> {
  const { rpc, clock } = network.host(node)
  const store = new MemoryImages(new Map([['docker.io/library/busybox:1.36', new Uint8Array(2_000)]]))
  store.put('team/app:1', new Uint8Array(1_000))
  const images = new ImageService(
    {
      ...{
        store,
        rpc,
        clock,
        random: world,
        log: silent,
        disk: new SimDisk({ random: world }),
        metrics: new FakeMetrics(),
      },
      candidates: () => [ada, bob].filter((other) => other !== node),
      nameOf: (other) => other,
      wanted: () => [],
    },
    { share: true, transfers: 2, bytesPerSecond: 0, mostBytes: 1_000_000 },
  )
  await images.start()
  return images
}

async function runJob(mesh: OperationsMesh): Promise<void> {
  const workload = mesh.idOf('job')
  const placement = mesh.running(workload, bob, [0])
  const log = new FakeLog()
  log.write('hello', 'ERROR: CUDA out of memory', '{"level":"warn","msg":"hot"}')
  mesh.logs.set(placement, log)
  const spec = WorkloadSpec.parse({ image: 'busybox:1.36', command: ['sleep', '1000'] })
  const ids = { placement, workload, attempt: 1, term: 1, mesh: meshId('mesh-1'), node: bob, name: 'job' }
  await mesh.executor.start({ ...ids, spec, env: {}, devices: [] }, new AbortController().signal)
}
