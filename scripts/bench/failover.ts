/** How long a mesh of three cannot take writes when its leader dies, and when it falls silent. Real daemons on loopback. */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../../test/support/ask.ts'
import { type Daemon, eventually, Mesh, type StatusReply } from '../../test/support/mesh.ts'
import { figure, spread } from './figures.ts'

const rounds = Number(process.argv[2] ?? 20)
const silentRounds = Number(process.argv[3] ?? 5)
const spec = { image: 'host', command: ['true'] }

/** Milliseconds from `break_` until a peer that did not lead has committed one write. */
async function outage(
  mesh: Mesh,
  break_: (leader: Daemon) => Promise<void> | void,
): Promise<{ readonly leader: Daemon; readonly ms: number }> {
  const leader = await mesh.leader()
  const survivor = mesh.daemons.find((daemon) => daemon !== leader)
  if (survivor === undefined) throw new Error('nobody is left')
  const start = performance.now()
  await break_(leader)
  await ask(survivor.socket, 'workload.run', { ...spec, node: survivor.name })
  return { leader, ms: performance.now() - start }
}

const healthy = (mesh: Mesh): Promise<unknown> =>
  eventually(
    'three healthy nodes',
    30_000,
    () => Promise.all(mesh.daemons.map((daemon) => ask<StatusReply>(daemon.socket, 'status'))),
    (replies) => replies.every(({ nodes }) => nodes.healthy === 3),
  )

const mesh = await Mesh.start({ names: ['one', 'two', 'three'] })
try {
  await mesh.voters(3)
  const killed: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { leader, ms } = await outage(mesh, async (daemon) => void (await daemon.end('SIGKILL')))
    killed.push(ms)
    await leader.start()
    await healthy(mesh)
  }
  figure('failover_after_kill', 'ms', spread(killed))
  const silent: number[] = []
  for (let round = 0; round < silentRounds; round += 1) {
    const { leader, ms } = await outage(mesh, (daemon) => daemon.signal('SIGSTOP'))
    silent.push(ms)
    leader.signal('SIGCONT')
    await healthy(mesh)
    await sleep(500)
  }
  figure('failover_after_silence', 'ms', spread(silent))
} finally {
  await mesh.stop()
}
