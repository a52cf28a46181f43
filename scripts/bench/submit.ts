/**
 * What the mesh adds to starting a container: from submitting until the engine has started it, against plain `docker run -d` of the
 * same image on the same engine. In turn, so that all meet the same machine. Three daemons, so every decision is on two disks.
 *
 *     sudo scripts/lab/docker.sh up; export $(scripts/lab/docker.sh env); node scripts/bench/run.mjs submit [rounds]
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ask } from '../../test/support/ask.ts'
import { eventually, Mesh } from '../../test/support/mesh.ts'
import { figure, quantile, round, spread } from './figures.ts'
import { cli, docker, engine, image } from './lab.ts'

const rounds = Number(process.argv[2] ?? 20)
const run = promisify(execFile)
const command = ['sleep', '600']

/** The engine's word for when it started the container, since `asked`, in ms. */
const sinceAsked = (asked: number, startedAt: string | null): number => Date.parse(startedAt ?? '') - asked

async function plain(): Promise<number> {
  const asked = Date.now()
  const id = await docker('run', '-d', image, ...command)
  const startedAt = await docker('inspect', '--format', '{{.State.StartedAt}}', id)
  await docker('rm', '-f', id)
  return sinceAsked(asked, startedAt)
}

async function throughMesh(mesh: Mesh, submit: (socket: string) => Promise<string>): Promise<number> {
  const { socket } = mesh.get(0)
  const asked = Date.now()
  const workload = await submit(socket)
  const { startedAt } = await eventually(
    `${workload} runs`,
    30_000,
    () => ask<{ state: string; startedAt: string | null }>(socket, 'workload.info', { workload }),
    ({ state }) => state === 'running',
  )
  await ask(socket, 'workload.stop', { workload, force: true })
  await eventually(
    `${workload} ends`,
    30_000,
    () => ask<{ state: string }>(socket, 'workload.info', { workload }),
    ({ state }) => state === 'stopped',
  )
  return sinceAsked(asked, startedAt)
}

async function byCommand(socket: string): Promise<string> {
  const words = ['--gateway', `unix:${socket}`, 'run', '-d', image, '--', ...command]
  return (await run(process.execPath, [cli, ...words])).stdout.trim()
}

const byApi = async (socket: string): Promise<string> =>
  (await ask<{ id: string }>(socket, 'workload.run', { image, command })).id

const docked = ['--executor', 'docker', '--docker-host', engine]
const mesh = await Mesh.start({ names: ['one', 'two', 'three'], extra: docked })
try {
  await mesh.voters(3)
  const times = { plain: [] as number[], command: [] as number[], api: [] as number[] }
  await plain()
  for (let at = 0; at < rounds; at += 1) {
    times.plain.push(await plain())
    times.command.push(await throughMesh(mesh, byCommand))
    times.api.push(await throughMesh(mesh, byApi))
  }
  figure('docker_run_to_started', 'ms', spread(times.plain))
  figure('mesh_run_to_started', 'ms', spread(times.command))
  figure('mesh_api_to_started', 'ms', spread(times.api))
  const ratio = (samples: readonly number[]): number => round(quantile(samples, 0.5) / quantile(times.plain, 0.5))
  figure('mesh_to_docker', 'ratio of medians', { command: ratio(times.command), api: ratio(times.api) })
} finally {
  await mesh.stop()
}
