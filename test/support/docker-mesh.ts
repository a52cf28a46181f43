/** Daemons that run their work on the lab's engine, and look at the containers behind their backs. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type Dockerode from 'dockerode'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { labDocker, labNvidiaSmi, removeContainers, sharedFolder } from './lab-docker.ts'
import { type Daemon, Mesh, type MeshPlan } from './mesh.ts'

/** The engine and its GPUs are both there. */
export const hasLab = labDocker !== null && labNvidiaSmi !== null

const environment = { CLAWNODE_CONTAINERS_MOUNTS: `*=${sharedFolder}` }

/** What makes a daemon use the engine, and see its GPUs as the host's own. */
export const onDocker: Omit<MeshPlan, 'names'> = {
  gpus: '',
  extra: ['--executor', 'docker', '--docker-host', labDocker ?? ''],
  environment: {
    ...environment,
    CLAWNODE_GPU_AUTO_DETECT: 'true',
    PATH: `${dirname(labNvidiaSmi ?? '')}:${process.env['PATH'] ?? ''}`,
  },
}

export class DockerMesh extends Mesh {
  /** Nodes whose containers are removed at the end. */
  readonly #nodes: string[] = []

  /** A daemon that has the engine and its GPUs. There must be one only: two would give out the same devices. */
  async addDocker(
    name: string,
    more: Readonly<Record<string, string>> = {},
    prefix: readonly string[] = [],
  ): Promise<Daemon> {
    mkdirSync(sharedFolder, { recursive: true })
    const daemon = await this.add(name, { ...onDocker, prefix, environment: { ...onDocker.environment, ...more } })
    const { id } = await daemon.json<{ id: string }>('gateway', 'ping')
    this.#nodes.push(id)
    return daemon
  }

  /** Three daemons on the engine; only the first has its GPUs. */
  static async ofThree(
    extra: readonly string[] = [],
    more: Readonly<Record<string, string>> = {},
  ): Promise<DockerMesh> {
    const mesh = new DockerMesh()
    mkdirSync(sharedFolder, { recursive: true })
    try {
      for (const name of ['gpu-node-1', 'gpu-node-2', 'gpu-node-3']) {
        const isFirst = mesh.daemons.length === 0
        const plan = { ...onDocker, extra: [...(onDocker.extra ?? []), ...extra] }
        const own = { ...(isFirst ? plan.environment : environment), ...more }
        const daemon = await mesh.add(name, { ...plan, environment: own })
        mesh.#nodes.push((await daemon.json<{ id: string }>('gateway', 'ping')).id)
      }
      await mesh.voters(3)
    } catch (error) {
      await mesh.stop()
      throw error
    }
    return mesh
  }

  override async stop(): Promise<void> {
    await super.stop()
    for (const node of this.#nodes) await removeContainers(labDocker ?? '', `claw.node=${node}`)
  }
}

/** The containers of a workload as the engine knows them, ended ones too. */
export async function containersOf(workload: string): Promise<readonly Dockerode.ContainerInspectInfo[]> {
  const engine = connectEngine(labDocker ?? '')
  const found = await engine.listContainers({ all: true, filters: { label: [`claw.workload=${workload}`] } })
  return Promise.all(found.map(({ Id }) => engine.getContainer(Id).inspect()))
}
