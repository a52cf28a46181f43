/**
 * Who may do what: one row for every operation, written by hand and to be reviewed, against which the gate is checked. A new operation
 * needs a row here.
 */

import { moltRows } from './molt-rows.ts'
import { all, look, type Row, row } from './row.ts'

/** In the order of the letters of a row. `debugger` is a role made of rules: it reads work and goes into it. */
export const letters = {
  v: 'viewer',
  o: 'operator',
  a: 'admin',
  u: 'auditor',
  m: 'molt-manager',
  c: 'debugger',
} as const
export type Letter = keyof typeof letters

const ofNode = (may: string, more: object = {}): Row => row('mesh', may, () => ({ node: 'ada', ...more }))
const work = (may: string, more: object = {}): Row =>
  row('namespace', may, (team) => ({ workload: `job-${team}`, ...more }))
const container = (may: string, more: object = {}): Row =>
  row('namespace', may, (team) => ({ name: `job-${team}`, ...more }))
const deployment = (may: string, more: object = {}): Row =>
  row('namespace', may, (team) => ({ deployment: `web-${team}`, ...more }))
const asked = (may: string, more: object = {}): Row =>
  row('namespace', may, (team) => ({ image: 'busybox', name: 'new', namespace: `team-${team}`, ...more }))
/** Whoever names one has it told a part of the secret. */
const store = { endpoint: 'https://s3.example', bucket: 'models', secret: 'store' }
const ofVolume = (may: string, more: object = {}): Row =>
  row('namespace', may, (team) => ({ name: 'data', namespace: `team-${team}`, ...more }))
/** A secret or a config map. */
const secret = (may: string, more: object = {}): Row =>
  row('namespace', may, (team) => ({ name: 'x', namespace: `team-${team}`, ...more }))
const ofJob = (may: string, more: object = {}): Row =>
  row('namespace', may, (team) => ({ job: 'sums', namespace: `team-${team}`, ...more }))
const ofCron = (may: string, more: object = {}): Row =>
  row('namespace', may, (team) => ({ cron: 'nightly', namespace: `team-${team}`, ...more }))
const ofWorkflow = (may: string): Row =>
  row('namespace', may, (team) => ({ workflow: 'shards', namespace: `team-${team}` }))
const newWorkflow = (may: string): Row =>
  row('namespace', may, (team) => ({
    ...{ name: 'new', namespace: `team-${team}` },
    steps: [{ name: 'one', image: 'busybox' }],
  }))
const newBackup = (more: object = {}): Row =>
  row('namespace', 'a', (team) => ({ namespace: `team-${team}`, directory: '/srv/backups', node: 'ada', ...more }))
const ofBackup = (): Row => row('namespace', 'a', (team) => ({ backup: `bak-${team}` }))
const ofBackupSchedule = row('namespace', 'a', (team) => ({ schedule: 'nightly', namespace: `team-${team}` }))
const policy = { name: 'x', rules: { requireDigest: true } }
const filter = { level: null, search: null, since: null, until: null, context: 0, details: false }
const upload = { upload: 'upload-1', offset: 0, data: '' }
const onUser = row('mesh', 'a', () => ({ user: 'ada' }))
const invoke = row('mesh', 'oa', () => ({ node: 'ada', command: 'status' }))

export const rows: Readonly<Record<string, Row>> = {
  'gateway.ping': row('self', ''),
  'auth.whoami': row('self', ''),
  'auth.can': row('self', '', () => ({ verb: 'read', resource: 'node' })),

  status: look,
  version: look,
  'gateway.status': look,
  'gateway.voters': look,
  'mesh.health': look,
  'mesh.metrics': look,
  'metrics.scrape': look,
  'mesh.updates': look,
  'gateway.transfer': row('mesh', 'a'),
  'gateway.recover': row('nobody', '', () => ({ unsafe: true, confirm: 'lab' })),
  'mesh.backup': row('mesh', 'a'),
  'mesh.upload': row('mesh', 'a', () => upload),
  'mesh.restore': row('mesh', 'a', () => ({ upload: 'upload-1' })),

  'node.list': look,
  'node.info': ofNode(all),
  'node.metrics': ofNode(all),
  'node.capabilities': ofNode(all),
  'node.health': ofNode(all),
  'node.events': ofNode(all),
  'node.drained': ofNode(all),
  'system.info': ofNode(all),
  'system.which': ofNode(all, { bins: ['sh'] }),
  'gpu.list': ofNode(all),
  'gpu.metrics': ofNode(all),
  'node.remove': ofNode('a'),
  'node.label': ofNode('a', { labels: {} }),
  'node.cordon': ofNode('a'),
  'node.uncordon': ofNode('a'),
  'node.drain': ofNode('a'),
  'node.undrain': ofNode('a'),
  'node.taint': ofNode('a'),
  'system.run': ofNode('a', { command: ['id'] }),
  'node.invoke': invoke,
  'mesh.invoke': row('mesh', 'oa', () => ({ all: true, command: 'status' })),

  'workload.run': asked('oa'),
  'workload.list': row('list', `${all}c`),
  'workload.info': work(`${all}c`),
  'workload.wait': work(`${all}c`),
  'workload.why': work(`${all}c`),
  'workload.decisions': work(`${all}c`),
  'workload.logs': work(`${all}c`),
  'workload.plan': row('list', `${all}c`, () => ({ image: 'busybox' })),
  'workload.diff': row('list', `${all}c`, () => ({ image: 'busybox' })),
  'workload.stop': work('oa'),
  'workload.migrate': work('oa'),
  'workload.exec': work('oac', { command: ['id'] }),
  'workload.attach': work('oac'),
  'workload.connect': work('oa', { port: 80 }),
  'placement.connect': row('namespace', 'oa', (team) => ({
    node: 'ada',
    workload: `wl-${team}`,
    attempt: 1,
    port: 80,
  })),
  'placement.logs': row('namespace', `${all}c`, (team) => ({
    ...{ node: 'ada', workload: `wl-${team}`, attempt: 1, follow: false, tail: null, from: null, filter },
  })),
  'log.lines': work(`${all}c`),
  'log.read': row('list', `${all}c`, (team) => ({ workloads: [`job-${team}`] })),
  'log.search': row('list', `${all}c`, () => ({ search: 'x' })),
  'log.scan': row('list', `${all}c`, () => ({ node: 'ada', filter, limit: 1 })),
  'log.kept': row('list', `${all}c`, () => ({ node: 'ada' })),
  ...moltRows,
  'spool.list': row('list', `${all}c`),
  'spool.drop': row('namespace', 'oa', (team) => ({ workload: `kept-${team}` })),

  'container.run': asked('oa'),
  'container.list': row('list', `${all}c`),
  'container.inspect': container(`${all}c`),
  'container.logs': container(`${all}c`),
  'container.stats': container(`${all}c`),
  'container.stop': container('oa'),
  'container.exec': container('oac', { command: ['id'] }),

  'deploy.create': asked('oa'),
  'deploy.list': row('list', `${all}c`),
  'deploy.history': row('list', `${all}c`),
  'deploy.diff': row('list', `${all}c`, () => ({ image: 'busybox', name: 'new' })),
  'deploy.status': deployment(`${all}c`),
  'deploy.wait': deployment(`${all}c`),
  'deploy.update': deployment('oa', { image: 'busybox' }),
  'deploy.scale': deployment('oa', { replicas: 2 }),
  'deploy.promote': deployment('oa'),
  'deploy.rollback': deployment('oa'),
  'deploy.pause': deployment('oa'),
  'deploy.resume': deployment('oa'),
  'deploy.delete': deployment('oa'),
  'service.list': row('list', `${all}c`),
  'service.info': row('namespace', `${all}c`, (team) => ({ service: `web-${team}` })),
  'service.stats': row('namespace', `${all}c`, (team) => ({ service: `web-${team}` })),

  'job.create': asked('oa'),
  'job.list': row('list', all),
  'job.status': ofJob(all),
  'job.wait': ofJob(all),
  'job.logs': ofJob(all),
  'job.update': ofJob('oa', { parallelism: 2 }),
  'job.stop': ofJob('oa'),
  'job.suspend': ofJob('oa'),
  'job.resume': ofJob('oa'),
  'job.delete': ofJob('oa'),
  'cron.create': asked('oa', { schedule: '* * * * *' }),
  'cron.list': row('list', all),
  'cron.info': ofCron(all),
  'cron.history': ofCron(all),
  'cron.update': ofCron('oa', { schedule: '@daily' }),
  'cron.trigger': ofCron('oa'),
  'cron.suspend': ofCron('oa'),
  'cron.resume': ofCron('oa'),
  'cron.delete': ofCron('oa'),
  'workflow.create': newWorkflow('oa'),
  'workflow.validate': newWorkflow(all),
  'workflow.list': row('list', all),
  'workflow.status': ofWorkflow(all),
  'workflow.wait': ofWorkflow(all),
  'workflow.logs': ofWorkflow(all),
  'workflow.cancel': ofWorkflow('oa'),
  'workflow.retry': ofWorkflow('oa'),
  'workflow.delete': ofWorkflow('oa'),

  'namespace.list': row('list', all),
  'namespace.usage': row('list', all),
  'secret.create': secret('oa', { value: 'x' }),
  'secret.list': row('namespace', all, (team) => ({ namespace: `team-${team}` })),
  'secret.info': secret(all),
  'secret.history': secret(all),
  'secret.get': secret('a'),
  'secret.open': secret('a', { version: 1, node: 'ada' }),
  'secret.set': secret('oa', { value: 'x' }),
  'secret.rotate': secret('oa', { value: 'x' }),
  'secret.rollback': secret('oa', { version: 1 }),
  'secret.policy': secret('oa', { rotateDays: 1 }),
  'secret.delete': secret('oa'),
  'config.create': secret('oa'),
  'config.list': row('namespace', all, (team) => ({ namespace: `team-${team}` })),
  'config.get': secret(all),
  'config.update': secret('oa'),
  'config.delete': secret('oa'),
  'price.list': look,
  'price.set': row('mesh', 'a'),
  'ingress.create': secret('a', { host: 'x.example.org', deployment: 'x' }),
  'ingress.diff': row('namespace', all, (team) => ({ namespace: `team-${team}`, deployment: 'x' })),
  'ingress.list': row('namespace', all, (team) => ({ namespace: `team-${team}` })),
  'ingress.info': secret(all),
  'ingress.update': secret('a', { deployment: 'x' }),
  'ingress.delete': secret('a'),

  'networkpolicy.create': secret('a', { ingress: [] }),
  'networkpolicy.list': row('namespace', all, (team) => ({ namespace: `team-${team}` })),
  'networkpolicy.info': secret(all),
  'networkpolicy.update': secret('a', { ingress: [] }),
  'networkpolicy.delete': secret('a'),
  'networkpolicy.check': row('namespace', all, (team) => ({ from: `job-${team}`, to: `web-${team}` })),

  'policy.list': look,
  'policy.info': row('mesh', all, () => ({ policy: 'x' })),
  'policy.validate': row('mesh', all, () => ({ policy: 'x' })),
  'policy.create': row('mesh', 'a', () => policy),
  'policy.update': row('mesh', 'a', () => ({ policy: 'x' })),
  'policy.delete': row('mesh', 'a', () => ({ policy: 'x' })),
  'namespace.info': row('namespace', all, (team) => ({ namespace: `team-${team}` })),
  'namespace.create': row('mesh', 'a', (team) => ({ namespace: `team-${team}` })),
  'namespace.set': row('mesh', 'a', (team) => ({ namespace: `team-${team}` })),
  'namespace.delete': row('mesh', 'a', (team) => ({ namespace: `team-${team}` })),

  'image.list': look,
  'image.info': row('mesh', all, () => ({ image: 'busybox' })),
  'image.home': look,
  'image.pull': row('mesh', 'oa', () => ({ image: 'busybox' })),
  'image.push': row('mesh', 'oa', () => ({ image: 'busybox', nodes: ['ada'] })),
  'image.bring': row('mesh', 'oa', () => ({ node: 'ada', image: 'busybox' })),
  'image.upload': row('mesh', 'oa', () => ({ node: 'ada', ...upload })),
  'image.load': row('mesh', 'oa', () => ({ node: 'ada', upload: 'upload-1' })),
  'image.remove': row('mesh', 'oa', () => ({ image: 'busybox' })),
  'image.prune': row('mesh', 'oa', () => ({ node: 'ada' })),

  'events.watch': row('list', all),
  'events.query': row('list', all),
  'events.emit': row('mesh', 'oa', () => ({ source: 'test', message: 'hello' })),

  'backup.create': newBackup(),
  'backup.import': newBackup({ backup: 'bak-old' }),
  'backup.follow': ofBackup(),
  'backup.list': row('list', 'a'),
  'backup.info': ofBackup(),
  'backup.verify': ofBackup(),
  'backup.read': ofBackup(),
  'backup.restore': ofBackup(),
  'backup.delete': ofBackup(),
  'backup.schedule': newBackup({ schedule: 'new', cron: '@daily' }),
  'backup.schedules': row('list', 'a'),
  'backup.suspend': ofBackupSchedule,
  'backup.resume': ofBackupSchedule,
  'backup.unschedule': ofBackupSchedule,
  'volume.create': ofVolume('oa'),
  'volume.list': row('list', all),
  'volume.info': ofVolume(all),
  'volume.snapshot': ofVolume('oa'),
  'volume.push': ofVolume('oa'),
  'volume.restore': ofVolume('oa', { snapshot: 'snap-x' }),
  'volume.forget': ofVolume('oa', { snapshot: 'snap-x' }),
  'volume.delete': ofVolume('oa'),
  'network.status': look,
  'network.show': ofNode(all),
  'network.config': ofNode(all),
  'network.ping': ofNode(all),
  'network.resolve': row('list', all, () => ({ name: 'x.default.claw' })),
  'network.enable': row('mesh', 'a'),
  'network.disable': row('mesh', 'a'),
  'network.rotate': row('mesh', 'a'),
  'tailscale.status': ofNode(all),
  'tailscale.config': ofNode(all),
  'tailscale.acl': ofNode(all),
  'tailscale.up': ofNode('a'),
  'tailscale.down': ofNode('a'),
  'audit.query': row('mesh', 'au'),
  'audit.tail': row('mesh', 'au'),
  'audit.verify': row('mesh', 'au'),
  'audit.export': row('mesh', 'au'),
  'audit.read': row('mesh', 'au', () => ({ node: 'ada' })),

  'token.create': row('mesh', 'a'),
  'operator.add': row('mesh', 'a', () => ({ key: `12D3KooW${'1'.repeat(44)}`, name: 'x' })),
  'operator.list': row('mesh', 'au'),
  'operator.remove': row('mesh', 'a', () => ({ operator: 'x' })),
  'role.create': row('mesh', 'a', () => ({ role: 'x', rules: ['read:node'] })),
  'role.list': row('mesh', 'au'),
  'role.info': row('mesh', 'au', () => ({ role: 'viewer' })),
  'role.delete': row('mesh', 'a', () => ({ role: 'x' })),
  'user.create': onUser,
  'user.list': row('mesh', 'au'),
  'user.info': row('mesh', 'au', () => ({ user: 'ada' })),
  'user.assign': row('mesh', 'a', () => ({ user: 'ada', role: 'viewer' })),
  'user.unassign': row('mesh', 'a', () => ({ user: 'ada', role: 'viewer' })),
  'user.link': row('mesh', 'a', () => ({ user: 'ada', issuer: 'https://id.example', subject: '1' })),
  'user.disable': onUser,
  'user.enable': onUser,
  'user.delete': onUser,
  'apikey.create': row('namespace', 'oa', (team) => ({ namespace: `team-${team}` })),
  'apikey.list': row('list', 'oau'),
  'apikey.revoke': row('list', 'oa', () => ({ key: 'ak_x' })),
  'apikey.rotate': row('list', 'oa', () => ({ key: 'ak_x' })),
}

/** What nobody does with an API key, unless its scopes say so in as many words where it is for rights: it would outlive the key. */
export const neverByKey: readonly string[] = [
  ...['apikey.create', 'apikey.rotate', 'operator.add', 'user.link', 'mesh.restore'],
  ...['token.create', 'user.assign', 'user.create', 'user.enable'],
]

/** What needs more than its operation does: paths of the host, and plain processes with the rights of the daemon. */
export const beyond: Readonly<Record<string, readonly [operation: string, row: Row]>> = {
  'workload.run with a path of the host': ['workload.run', asked('a', { volumes: ['/etc:/etc'] })],
  'workload.run as a plain process': ['workload.run', asked('a', { executor: 'process' })],
  'volume.create in a store of objects': ['volume.create', ofVolume('a', { type: 's3', s3: store })],
  'container.run with a path of the host': ['container.run', asked('a', { volumes: ['/etc:/etc'] })],
  'deploy.create with a path of the host': ['deploy.create', asked('a', { volumes: ['/etc:/etc'] })],
  'deploy.update with a path of the host': ['deploy.update', deployment('a', { volumes: ['/etc:/etc'] })],
}
