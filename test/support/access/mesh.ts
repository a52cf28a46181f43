/** Two peers with work of two teams, and callers of every kind. */
import type { Operation, Caller } from '../../../src/operations/operation.ts'
import { isBuiltIn } from '../../../src/core/access/roles.ts'
import { workloadId, type NodeId } from '../../../src/model/ids.ts'
import { cronId, deploymentId, jobId, workflowId } from '../../../src/model/ids.ts'
import { noQuota } from '../../../src/model/namespace.ts'
import { callerOf } from '../../../src/operations/caller.ts'
import { OperationService } from '../../../src/operations/invoke.ts'
import { ada, bob, spec, submit } from '../control-samples.ts'
import { settings } from '../deployment-samples.ts'
import { FakeLog } from '../fake-log.ts'
import { jobSettings, nightly } from '../job-lab.ts'
import { step } from '../workflow-lab.ts'
import { OperationsMesh } from '../operations-mesh.ts'

type Credential = 'login' | 'key' | 'expired' | 'revoked' | 'disabled' | 'unknown'

export class AccessMesh extends OperationsMesh {
  #keys = 0

  /** Whoever has that role there (null for everywhere), or none, and comes with that. */
  caller(role: string | null, namespace: string | null, credential: Credential): Caller {
    if (credential === 'unknown') return callerOf({ kind: 'apikey', key: 'ak_unknown' })
    const user = this.#user(role, namespace, credential === 'disabled')
    return credential === 'login' ? callerOf({ kind: 'user', user }) : this.#key(user, credential)
  }

  /** The node becomes one that only works. */
  makeWorker(node: NodeId): void {
    const member = this.book.state.members.get(node)
    if (member === undefined) throw new Error(`there is no ${node}`)
    this.book.state.members.set(node, { ...member, roles: ['worker'] })
  }

  #user(role: string | null, namespace: string | null, disabled: boolean): string {
    const user = `${role ?? 'nobody'}-${namespace ?? 'everywhere'}${disabled ? '-disabled' : ''}`
    if (this.book.state.users.has(user)) return user
    this.apply({ type: 'create-user', name: user })
    if (role !== null && !isBuiltIn(role) && !this.book.state.roles.has(role)) {
      const rules = [{ verbs: ['read', 'exec'], resources: ['workload'], namespaces: ['*'] }]
      this.apply({ type: 'create-role', role: { name: role, about: '', rules } })
    }
    if (role !== null) this.apply({ type: 'bind-role', user, binding: { role, namespace } })
    if (disabled) this.apply({ type: 'set-user', name: user, disabled })
    return user
  }

  #key(user: string, credential: Credential): Caller {
    this.#keys += 1
    const id = `ak_${String(this.#keys)
      .replace(/\d/g, (digit) => 'abcdefghij'.charAt(Number(digit)))
      .padStart(12, 'k')}`
    this.apply({
      type: 'create-apikey',
      key: {
        ...{ id, name: '', user, hash: 'a'.repeat(64), namespace: null, lifetime: 1_000 },
        scopes: [{ verbs: ['*'], resources: ['*'], namespaces: ['*'] }],
        expiresAt: this.book.state.at + 1_000_000_000,
      },
    })
    const key = this.book.state.apikeys.get(id)
    if (key !== undefined && credential === 'expired') this.book.state.apikeys.set(id, { ...key, expiresAt: 1 })
    if (credential === 'revoked') this.apply({ type: 'revoke-apikey', id })
    return callerOf({ kind: 'apikey', key: id })
  }
}

/** Ada, who is asked, runs these operations. */
export async function accessMesh(known?: ReadonlyMap<string, Operation>): Promise<AccessMesh> {
  const mesh = new AccessMesh()
  for (const node of [ada, bob]) await new OperationService(mesh.context(node), known).start()
  await mesh.world.runFor(1_000)
  for (const team of ['a', 'b'] as const) furnish(mesh, team)
  return mesh
}

function furnish(mesh: AccessMesh, team: 'a' | 'b'): void {
  const namespace = `team-${team}`
  mesh.apply({ type: 'create-namespace', name: namespace, quota: noQuota, weight: 1, borrow: false })
  mesh.apply(submit(`wl-${team}`, { namespace }, `job-${team}`))
  const placement = mesh.running(workloadId(`wl-${team}`), ada)
  const log = new FakeLog()
  log.write(`secret of ${team} x`)
  mesh.logs.set(placement, log)
  mesh.apply({
    ...{ type: 'create-deployment', deployment: deploymentId(`dep-${team}`), name: `web-${team}`, replicas: 1 },
    spec: spec({ namespace, image: 'app:1' }),
    settings: settings({ service: { port: team === 'a' ? 9_001 : 9_002, targetPort: 80 } }),
  })
  const own = { spec: spec({ namespace }), settings: jobSettings({ completions: 1 }) }
  mesh.apply({ type: 'create-job', job: jobId(`job-${team}`), name: 'sums', ...own })
  mesh.apply({
    ...{ type: 'create-cron', cron: cronId(`cron-${team}`), name: 'nightly', spec: own.spec, job: own.settings },
    settings: nightly,
  })
  mesh.apply({
    ...{ type: 'create-workflow', workflow: workflowId(`wf-${team}`), name: 'shards', namespace, ttlMs: null },
    steps: [step('one', { spec: own.spec })],
  })
  keepBackups(mesh, team, namespace)
  const kept = { isTried: false, refusal: null, at: 0, by: 'socket' }
  const workload = workloadId(`wl-kept-${team}`)
  const submission = { ...kept, command: `run/${team}`, workload, name: `kept-${team}`, spec: spec({ namespace }) }
  mesh.spool = [...mesh.spool, submission]
}

/** A volume, a backup of it, and a schedule of more. */
function keepBackups(mesh: OperationsMesh, team: string, namespace: string): void {
  const local = { type: 'local', access: 'RWO', hostPath: null, nfs: null, sizeMib: null, node: ada } as const
  mesh.apply({ type: 'create-volume', namespace, name: 'kept', volume: local })
  const policy = { allowWorkloads: [], allowLabels: {}, denyWorkloads: [] }
  const sealed = { sealed: 's1.1.AAAA.AAAA', how: 'generated', policy, rotation: null } as const
  mesh.apply({ type: 'create-secret', namespace, name: 'backup-key', ...sealed })
  const target = { type: 'directory', node: ada, path: '/srv/backups' } as const
  const selection = { scope: 'volumes', names: [], labels: {} } as const
  mesh.apply({ type: 'create-backup', backup: `bak-${team}`, namespace, selection, target })
  const timing = { schedule: '@daily', timeZone: 'UTC', missed: 'skip', startingDeadlineMs: 60_000 } as const
  const keep = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0 }
  mesh.apply({ type: 'create-backup-schedule', namespace, name: 'nightly', selection, target, timing, keep })
}
