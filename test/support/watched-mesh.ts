/** A mesh of two that is attacked: what it counts, and that it comes to no harm. */
import { expect } from 'vitest'
import { exchange } from './http.ts'
import { type Daemon, eventually, Mesh, type NodeRow, type StatusReply } from './mesh.ts'

export class WatchedMesh {
  readonly mesh: Mesh
  /** The one that is attacked. */
  readonly victim: Daemon
  readonly #pids: readonly number[]

  private constructor(mesh: Mesh) {
    this.mesh = mesh
    this.victim = mesh.get(0)
    this.#pids = mesh.daemons.map(({ pid }) => pid)
  }

  static async start(extra: readonly string[] = []): Promise<WatchedMesh> {
    return new WatchedMesh(await Mesh.start({ names: ['one', 'two'], extra }))
  }

  async token(): Promise<string> {
    return (await this.victim.json<{ token: string }>('token', 'create')).token
  }

  nodes(): Promise<readonly NodeRow[]> {
    return this.victim.json('node', 'list')
  }

  /** The sum of the victim's counters of this name whose labels hold the text. */
  async counted(name: string, labels = ''): Promise<number> {
    const { body } = await exchange(this.victim.socket, { path: '/metrics' })
    const lines = body.split('\n').filter((line) => line.startsWith(name) && line.includes(labels))
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  /** Does what is to be counted, and waits until it is, `by` times or more. */
  async counts(attack: () => Promise<unknown>, name: string, { labels = '', by = 1 } = {}): Promise<void> {
    const before = await this.counted(name, labels)
    await attack()
    await eventually(
      `${name} ${labels} rises by ${by}`,
      20_000,
      () => this.counted(name, labels),
      (count) => count >= before + by,
    )
  }

  /** Both daemons are the processes that they were, serve, find each other healthy, and have met no bug of their own. */
  async expectUnhurt(): Promise<void> {
    expect(this.mesh.daemons.map(({ pid }) => pid)).toEqual(this.#pids)
    for (const daemon of this.mesh.daemons) {
      await eventually(
        'both are healthy',
        20_000,
        () => daemon.json<NodeRow[]>('node', 'list'),
        (rows) => ['one', 'two'].every((name) => rows.find((row) => row.name === name)?.status === 'healthy'),
      )
      expect(daemon.log).not.toMatch(/"level":"(error|fatal)"/)
    }
    expect((await this.victim.json<StatusReply>('status')).leader).not.toBeNull()
  }

  async stop(): Promise<void> {
    await this.mesh.stop()
  }
}
