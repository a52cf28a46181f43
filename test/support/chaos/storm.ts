/** A stream of work through random peers of a real mesh while real faults come and go; then peace, in which all of it must end. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LabHosts } from '../lab-hosts.ts'
import { isLinearizable } from '../linearizable.ts'
import { eventually, Mesh, type StatusReply, type WorkloadInfo } from '../mesh.ts'
import { mountSmallDisk } from '../small-disk.ts'
import type { History } from './client.ts'
import { looked, oneWorkload, submitted } from './client.ts'
import type { Execution, Verdict } from './executions.ts'
import { executionsIn, judge, witnessed } from './executions.ts'
import type { Scene } from './faults.ts'
import { faults } from './faults.ts'

export interface Plan {
  readonly hosts: number
  readonly submissions: number
  /** How long faults come, one fault, and a stop of the leader last, in ms. */
  readonly trouble: number
  readonly fault: number
  readonly stop: number
  readonly say: (what: string, facts: object) => void
}

export interface Outcome {
  readonly acknowledged: number
  /** Of what was acknowledged, by final state. */
  readonly states: Readonly<Record<string, number>>
  /** Why those failed that did. */
  readonly failures: readonly string[]
  readonly lost: readonly string[]
  readonly executions: number
  readonly faults: Readonly<Record<string, number>>
  readonly histories: number
  readonly notLinearizable: readonly string[]
  readonly verdict: Verdict
  /** All that is known of each workload that ran twice, to find out why. */
  readonly repeats: readonly Repeat[]
}

export interface Repeat {
  readonly workload: string
  /** What it asked for when its node is cut off. */
  readonly policy: string
  readonly executions: readonly Execution[]
  /** What the mesh says became of its attempts. */
  readonly history: readonly unknown[]
  /** What every daemon logged about it. */
  readonly log: readonly string[]
}

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'

export async function storm(plan: Plan): Promise<Outcome> {
  const mesh = new Mesh()
  const runs = join(mesh.directory, 'runs')
  const names = Array.from({ length: plan.hosts }, (_, at) => `gpu-${at + 1}`)
  const small = join(mesh.directory, 'gpu-2')
  const clock = join(mesh.directory, 'clock')
  mkdirSync(runs)
  mkdirSync(small, { mode: 0o700 })
  writeFileSync(clock, '+0s\n')
  // Before the hosts are made: they see the mounts of that moment.
  const unmount = mountSmallDisk(small, 24)
  const hosts = await LabHosts.up(plan.hosts)
  try {
    const hasClock = existsSync(library)
    const faked = { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' } // prettier-ignore
    for (const [at, name] of names.entries())
      await mesh.add(name, {
        ...{ mdns: true, prefix: hosts.on(at + 1) },
        ...(hasClock && name === 'gpu-3' ? { environment: faked } : {}),
      })
    await mesh.voters(plan.hosts >= 5 ? 5 : 3)
    const clockOf = hasClock ? { daemon: mesh.get(2), file: clock } : null
    return await play(
      plan,
      { hosts, mesh, fault: plan.fault, stop: plan.stop, small: mesh.get(1), clock: clockOf },
      runs,
    )
  } finally {
    await mesh.stop().catch(() => 'the small disk is still there')
    unmount()
    await mesh.stop()
    await hosts.down()
  }
}

const policies = ['continue', 'stop', 'replace'] as const

async function play(plan: Plan, scene: Scene, runs: string): Promise<Outcome> {
  const { mesh } = scene
  const began = Date.now()
  const histories = new Map<string, History>()
  const ids = new Map<string, string>()
  const policyOf = new Map<string, string>()
  const random = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] as T
  const peer = () => random(mesh.daemons)
  const all: Promise<void>[] = []

  const one = async (name: string): Promise<void> => {
    const history: History = []
    histories.set(name, history)
    const onPartition = random(policies)
    const command = ['sh', '-c', witnessed(runs, random([0.2, 1, 3]))]
    const request = { image: 'host', gpus: random([0, 0, 1, 1, 2]), onPartition, stopGrace: 1, command }
    await looked(name, peer(), history)
    const id = await submitted(name, request, { peer, history, until: began + plan.trouble + 90_000 })
    if (id === null) return
    ids.set(name, id)
    policyOf.set(id, onPartition)
    for (let times = 0; times < 2; times += 1) await looked(name, peer(), history)
  }
  const stream = async (): Promise<void> => {
    for (let at = 0; at < plan.submissions; at += 1) {
      all.push(one(`job-${at}`))
      await sleep((plan.trouble / plan.submissions) * (0.5 + Math.random()))
    }
  }
  const counts: Record<string, number> = {}
  const trouble = async (): Promise<void> => {
    const kinds = Object.keys(faults)
    for (let at = 0; Date.now() - began < plan.trouble; at += 1) {
      const kind = at < kinds.length ? (kinds[at] ?? '') : random(kinds)
      plan.say('fault', { kind, at: Date.now() - began })
      await faults[kind]?.(scene)
      counts[kind] = (counts[kind] ?? 0) + 1
      await sleep(500 + Math.random() * 1_000)
    }
  }
  await Promise.all([stream(), trouble()])
  plan.say('healed', { acknowledged: ids.size, after: Date.now() - began })
  await Promise.all(all)

  await eventually(
    'all hosts are healthy',
    90_000,
    () => Promise.all(mesh.daemons.map((daemon) => daemon.json<StatusReply>('status'))),
    (replies) => replies.every(({ leader, nodes }) => leader !== null && nodes.healthy === plan.hosts),
  )
  const final = await eventually(
    'all that was acknowledged has ended',
    180_000,
    () => mesh.get(0).json<WorkloadInfo[]>('workload', 'list', '--limit', '10000'),
    (list) => list.every(({ state }) => ['completed', 'failed', 'stopped'].includes(state)),
  )
  const stateOf = new Map(final.map(({ id, state }) => [id, state]))
  const states: Record<string, number> = {}
  for (const id of ids.values()) states[stateOf.get(id) ?? 'lost'] = (states[stateOf.get(id) ?? 'lost'] ?? 0) + 1
  const executions = executionsIn(runs)
  const verdict = judge(executions)
  const logged = mesh.daemons.flatMap(({ name, log }) => log.split('\n').map((line) => `${name} ${line}`))
  return {
    acknowledged: ids.size,
    states,
    failures: final.flatMap(({ state, error }) =>
      state === 'failed' ? [`${error?.code ?? ''} ${error?.message ?? ''}`] : [],
    ),
    lost: [...ids].filter(([, id]) => !stateOf.has(id)).map(([name]) => name),
    executions: executions.length,
    faults: counts,
    histories: histories.size,
    notLinearizable: [...histories]
      .filter(([, history]) => !isLinearizable(history, oneWorkload))
      .map(([name]) => name),
    verdict,
    repeats: [...new Set([...verdict.atOnce, ...verdict.doneTwice])].map((workload) => ({
      ...{ workload, policy: policyOf.get(workload) ?? 'unknown' },
      executions: executions.filter((execution) => execution.workload === workload),
      history: final.find(({ id }) => id === workload)?.history ?? [],
      log: logged.filter((line) => line.includes(workload)),
    })),
  }
}
