/** Real faults of real hosts, one after the other: each is undone before the next. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LabHosts } from '../lab-hosts.ts'
import type { Daemon, Mesh } from '../mesh.ts'
import { fillDisk } from '../small-disk.ts'

export interface Scene {
  readonly hosts: LabHosts
  readonly mesh: Mesh
  /** How long one fault lasts, and how long the leader is stopped, in ms. */
  readonly fault: number
  readonly stop: number
  /** The host whose disk is small, and the one whose clock can be set. */
  readonly small: Daemon
  readonly clock: { readonly daemon: Daemon; readonly file: string } | null
}

const pick = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] as T

const host = ({ mesh }: Scene, daemon: Daemon): number => mesh.daemons.indexOf(daemon) + 1

/** The numbers of all hosts. */
const all = ({ mesh }: Scene): readonly number[] => mesh.daemons.map((_, at) => at + 1)

/** Two different hosts. */
function pair(scene: Scene): readonly [number, number] {
  const [one, other] = all(scene).toSorted(() => Math.random() - 0.5)
  return [one ?? 1, other ?? 2]
}

export const faults: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  async 'host cut off'(scene) {
    const one = host(scene, pick(scene.mesh.daemons))
    await scene.hosts.isolate(one)
    await sleep(scene.fault)
    await scene.hosts.rejoin(one)
  },
  async 'one way cut'(scene) {
    const [one] = pair(scene)
    for (const other of all(scene)) if (other !== one) await scene.hosts.cutOneWay(one, other)
    await sleep(scene.fault)
    await scene.hosts.mendAll()
  },
  async 'partial cut'(scene) {
    await scene.hosts.cut(...pair(scene))
    await sleep(scene.fault)
    await scene.hosts.mendAll()
  },
  async 'a tenth lost'(scene) {
    await scene.hosts.lose(10)
    await sleep(scene.fault)
    await scene.hosts.lose(0)
  },
  async 'all far away'(scene) {
    for (const one of all(scene)) await scene.hosts.slow(one, 200)
    await sleep(scene.fault)
    for (const one of all(scene)) await scene.hosts.slow(one, 0)
  },
  async 'leader stopped'({ mesh, stop }) {
    const leader = await mesh.leader().catch(() => pick(mesh.daemons))
    leader.signal('SIGSTOP')
    await sleep(stop)
    leader.signal('SIGCONT')
  },
  async 'kill -9'({ mesh }) {
    const victim = pick(mesh.daemons)
    await victim.end('SIGKILL')
    await sleep(500 + Math.random() * 3_000)
    await victim.start()
  },
  async 'disk full'({ small, fault }) {
    const filler = join(small.dataDir, 'filler')
    fillDisk(filler)
    await sleep(fault)
    rmSync(filler, { force: true })
  },
  async 'clock jump'({ clock, fault }) {
    if (clock === null) return
    writeFileSync(clock.file, '+45s\n')
    await sleep(fault)
    writeFileSync(clock.file, '+0s\n')
  },
}
