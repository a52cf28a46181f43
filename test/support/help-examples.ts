/** What the examples of the help pages name, so that each can be run as it stands; which cannot be, and which rightly end otherwise than with 0. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Api } from '../../src/doors/cli/peer/api.ts'
import { HttpTransport } from '../../src/doors/cli/peer/http-transport.ts'
import { ClawError, type FailureCode } from '../../src/model/failure.ts'
import { beforeAuth } from './help-access.ts'
import { imageEnds } from './help-images.ts'
import { beforeMolt, moltEnds } from './help-molt.ts'
import { networkEnds } from './help-network.ts'
import { beforeIngress } from './help-ingress.ts'
import * as timed from './help-timed.ts'
import { volumeEnds } from './help-volumes.ts'
import { noWord, someConfig, someSecret } from './help-secrets.ts'
import { freePort, runCli, type Mesh } from './mesh.ts'

const noFiles = 'simulated work has no files; with an engine: exec.test.ts'
const noTalk = 'simulated work cannot be attached to; with an engine: attach.test.ts'
const ownMesh = 'starts a mesh of its own, for minutes: sim.test.ts'

/** Not run, and why. */
export const notHere: ReadonlyMap<string, string> = new Map([
  ['sim', ownMesh],
  ['sim hundred --seed 7 --html report.html', ownMesh],
  ['sim partition --json', ownMesh],
  ['sim market', 'takes half a minute; a smaller one is run here'],
  ['sim market --seed 7 --cheats 30', 'takes half a minute; a smaller one is run here'],
  ['sim my-scenario.toml --peers 20 --workloads 200', ownMesh],
  ['attach llm-inference', noTalk],
  ['attach --replay --no-stdin llm-inference', noTalk],
  ['attach --detach-keys ctrl-x llm-inference', noTalk],
  ['auth login lab --oidc', 'there is no identity provider here: oidc.test.ts'],
  ['run -it --gpus 1 pytorch/pytorch:latest -- bash', noTalk],
  ['cp llm-inference:/app/logs ./logs', noFiles],
  ['cp ./prompts llm-inference:/app', noFiles],
])

/** Other ends than 0 that are right here, by how the examples begin. */
const otherEnds: readonly (readonly [begins: string, code: number, reason: string])[] = [
  ...imageEnds,
  ['spool drop', 4, 'there is a leader, so nothing is kept: spool.test.ts'],
  ['gateway recover', 5, 'most voters are there, so it is refused: recover.test.ts'],
  ['mesh restore mesh.claw --force', 0, 'it rolls this mesh back'],
  ['mesh restore mesh.claw', 7, 'the mesh is in use, so it is refused: backup.test.ts'],
  ['audit tail -f', 130, 'Ctrl-C ends it'],
  ...[...volumeEnds, ...timed.backupEnds, ...moltEnds],
  ...networkEnds,
  ['diff', 10, 'there is no such work yet, so there is a difference'],
  ['port-forward', 130, 'Ctrl-C ends it'],
  ['events -f', 130, 'Ctrl-C ends it'],
  ['logs -f', 130, 'Ctrl-C ends it'],
  ['workload list --watch', 130, 'Ctrl-C ends it'],
  ['job list --watch', 130, 'Ctrl-C ends it'],
  ['deploy list --watch', 130, 'Ctrl-C ends it'],
  ['deploy status api --watch', 130, 'Ctrl-C ends it'],
]

export const endOf = (example: string): number => otherEnds.find(([begins]) => example.startsWith(begins))?.[1] ?? 0

/** Goes on until it is told to end. */
export const isEndless = (example: string): boolean => endOf(example) === 130

/** What is typed at the terminal that the example needs; null if it needs none. */
export function typedAt(example: string, mesh: string): string | null {
  if (/^(mesh restore|gateway recover)/.test(example) && !example.includes('--yes')) return `${mesh}\n`
  if (['deploy delete api', 'job delete render', 'cron delete backup', 'workflow delete nightly'].includes(example))
    return 'y\n'
  return /^((molt )?exec -it|shell)/.test(example) ? '' : null
}

/** Commands of which some example changes what the examples of others look at. */
export const changes =
  /^(run|stop|wait|workload migrate|policy (?!list|info|validate)|price set|deploy$|deploy (create|update|promote|pause|resume|delete)|scale|rollback|node (?!list|info|events)|gateway (transfer|recover)|namespace|volume|backup (?!list|info)|mesh|operator|auth (?!whoami|can-i)|context|job|cron|workflow|secret|config|molt|network|ingress (?!list|info))/

/** Commands of which nothing comes back: these come last, in this order. */
export const last = ['deploy delete', 'gateway recover', 'mesh restore', 'node remove']

const { signal } = new AbortController()
const day = 'CLAW_SIM_SECONDS=86400'
const ids = /wl-x7k2m4q9ab/g
const key = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

type Prepare = (stage: Stage, line: string) => Promise<unknown>

/** What has to be there before the examples that begin so. Whatever a text that is returned says is run instead. */
const preparations: readonly (readonly [begins: RegExp, prepare: Prepare])[] = [
  [/wl-x7k2m4q9ab/, async (stage, line) => line.replaceAll(ids, await stage.work('by-id'))],
  [/^wait train/, (stage) => stage.brief('train', 'train-a', 'train-b')],
  [/^stop train-a/, (stage) => Promise.all([stage.work('train-a'), stage.work('train-b')])],
  [/^(stop|wait) llm/, (stage) => stage.work('llm-inference')],
  [/^run .*--name train /, (stage) => stage.ended('train')],
  [/^workload migrate train --to/, (stage) => stage.offNode('train', 'gpu-node-2')],
  [/^workload migrate/, (stage) => stage.ended('train').then(() => stage.work('train'))],
  [/^node invoke .*my-nginx/, (stage) => stage.work('my-nginx', 'gpu-node-1')],
  [/^node invoke -l zone=a/, (stage) => stage.label('gpu-node-1', { zone: 'a' })],
  [/^deploy --spec/, (_, line) => Promise.resolve(line.replace('workload.', 'lasting.'))],
  [/^deploy create/, (stage, line) => stage.beforeCreate(line)],
  [/^deploy promote/, (stage) => stage.canary('api')],
  [/^deploy resume/, (stage) => stage.api.call('deploy.pause', { deployment: 'api' }, signal)],
  [/^deploy delete/, (stage) => stage.deployment('api')],
  // A drain waits two minutes for those who would take over, when a rollout that is not over leaves no room for them.
  [/^node drain/, (stage) => stage.without('llm')],
  [/^auth /, (stage, line) => beforeAuth(stage.api, line)],
  [/^job create/, (stage, line) => timed.beforeJob(stage.api, line)],
  [/^job (status|logs|wait) /, (stage) => timed.job(stage.api, 'brief')],
  [/^job (stop|suspend|delete|update) /, (stage) => timed.job(stage.api, 'long')],
  [/^job resume /, (stage) => timed.suspendedJob(stage.api)],
  [/^cron create/, (stage, line) => timed.noCron(stage.api, line.split(' ')[2] ?? '')],
  [/^cron (?!create|list)/, (stage) => timed.cron(stage.api)],
  [
    /^workflow create/,
    (stage, line) => timed.noWorkflow(stage.api, line.includes('nightly-2') ? 'nightly-2' : 'nightly'),
  ],
  [/^workflow (status|logs|delete|cancel) /, (stage) => timed.workflow(stage.api)],
  [/^workflow retry /, (stage) => timed.cancelledWorkflow(stage.api)],
  [/^policy (update|info|delete|validate) no-latest/, (stage) => stage.policy('no-latest')],
  [/^policy create/, (stage) => stage.noPolicies()],
  [/^namespace (set|info|delete|usage) team-a/, (stage) => stage.namespace('team-a')],
  [/^namespace create (team-a|team-b|ci)/, (stage, line) => stage.noNamespace(line.split(' ')[2] ?? '')],
  [/^(secret|config) create /, (stage, line) => noWord(stage.api, line.split(' ')[0] ?? '', line.split(' ')[2] ?? '')],
  [
    /^secret (?!create|list)/,
    (stage, line) => someSecret(stage.api, /db-password|tls-key|session-key/.exec(line)?.[0] ?? ''),
  ],
  [/^config (?!create|list)/, (stage, line) => someConfig(stage.api, line.split(' ')[2] ?? '')],
  [/^run .*db-password/, (stage) => Promise.all([someSecret(stage.api, 'db-password'), someConfig(stage.api, 'app')])],
  [/^(ingress (?!list)|network (resolve|policy (?!list)))/, (stage, line) => beforeIngress(stage, line)],
  [/^(operator add|auth user create bob)/, (stage) => stage.noOperator()],
  [/^audit verify --file/, (stage) => stage.exported()],
  [/^volume create (training-data|scratch|models)/, (stage, line) => stage.noVolume(line.split(' ')[2] ?? '')],
  [/^volume (info|snapshot|push|restore|forget|delete) /, (stage, line) => stage.volume(line.split(' ')[2] ?? '')],
  [/^backup create --volume/, (stage) => stage.noVolume('training-data')],
  [/^backup schedule (create|suspend|resume|delete) /, (stage, line) => timed.backupSchedule(stage.api, line)],
  [/^molt /, (stage, line) => beforeMolt(stage.api, line, stage.folder)],
  [/^operator remove/, (stage) => stage.operator()],
  [/^(context (use|rm)|auth (login|logout)) lab/, (stage) => stage.context()],
  [/^node remove gpu-node-3 --yes/, async (stage, line) => line.replaceAll('gpu-node-3', await stage.newcomer())],
]

export class Stage {
  readonly api: Api
  readonly #mesh: Mesh
  readonly folder: string

  constructor(mesh: Mesh, folder: string) {
    this.#mesh = mesh
    this.folder = folder
    this.api = new Api(new HttpTransport({ kind: 'socket', path: mesh.get(0).socket }))
    const token = readFileSync(join(mesh.get(0).dataDir, 'api-token'), 'utf8')
    const files = {
      ...{ token, 'lab.token': token, 'prompt.txt': 'hello\n', 'app.tar': '' },
      'workload.toml': '[workload]\nname = "from-toml"\nimage = "busybox"\n',
      'workload.yaml':
        'apiVersion: clawbernetes/v1\nkind: Workload\nmetadata:\n  name: from-yaml\nspec:\n  image: busybox\n  command: ["sleep", "1"]\n',
      'lasting.toml': `[workload]\nname = "lasting"\nimage = "busybox"\nenv = { CLAW_SIM_SECONDS = "86400" }\n`,
      'lasting.yaml': `image: busybox\nname: lasting\nenv: ["${day}"]\n`,
      ...timed.files,
      'policy.yaml': 'name: small\nabout: for a try\nrules:\n  maxGpus: 64\n',
      ...{ 'password.txt': 'hunter2\n', 'server.key': 'a key\n' },
      'compose.yaml': 'services:\n  web:\n    image: busybox\n',
    }
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  }

  /** What the examples look at: a workload that has been moved, one more, and two deployments. */
  async set(): Promise<void> {
    await Promise.all([this.work('llm-inference'), this.work('train'), this.deployment('api'), this.deployment('web')])
    await this.api.call('workload.migrate', { workload: 'llm-inference' }, signal)
    await this.work('llm-inference')
  }

  /** Sets up what the example names, and returns it with the addresses, ids and sizes of this mesh. */
  async prepared(example: string): Promise<string> {
    let line = example
      .replaceAll(/(http|ws):\/\/gpu-node-1:8080/g, `$1://${this.#mesh.get(0).api}`)
      .replaceAll('http://gpu-node-2:8080', `http://${this.#mesh.get(1).api}`)
      // This host may have less.
      .replaceAll('--memory 64Gi', '--memory 64Mi')
    for (const [begins, prepare] of preparations) {
      if (!begins.test(line)) continue
      const instead = await prepare(this, line)
      if (typeof instead === 'string' && /\s/.test(instead)) line = instead
    }
    return line
  }

  /** Leaves nothing behind that the next example would stumble over. */
  async cleared(example: string): Promise<void> {
    const { api } = this
    if (/^node (cordon|drain)/.test(example)) await api.call('node.undrain', { node: 'gpu-node-3' }, signal)
    // The next examples run what it would refuse.
    if (example.startsWith('policy create')) await this.noPolicies()
    if (example.startsWith('node taint')) {
      const remove = [{ key: 'team' }, { key: 'maintenance' }]
      await api.call('node.taint', { node: 'gpu-node-1', remove }, signal)
    }
    if (!/^(run|node invoke .* workload\.run)/.test(example)) return
    const all = await api.call('workload.list', {}, signal)
    const stays = /^(llm-inference|(api|llm|web)-r\d+-.*)$/
    await this.ended(...all.filter(({ name }) => !stays.test(name)).map(({ id }) => id))
  }

  /** Runs until it is stopped. Returns its id once it does. */
  work(name: string, node?: string): Promise<string> {
    return this.#run(name, day, node)
  }

  label(node: string, labels: Readonly<Record<string, string>>): Promise<unknown> {
    return this.api.call('node.label', { node, labels }, signal)
  }

  /** They end soon. */
  async brief(...names: readonly string[]): Promise<void> {
    await this.ended(...names)
    await Promise.all(names.map((name) => this.#run(name, 'CLAW_SIM_SECONDS=2')))
  }

  async offNode(name: string, node: string): Promise<void> {
    await this.ended(name)
    await this.api.call('node.cordon', { node }, signal)
    await this.work(name)
    await this.api.call('node.uncordon', { node }, signal)
  }

  async ended(...workloads: readonly string[]): Promise<void> {
    const stopped = async (workload: string): Promise<void> => {
      await this.api.call('workload.stop', { workload, force: true }, signal)
      await Array.fromAsync(this.api.stream('workload.wait', { workload }, signal))
    }
    const all = await this.api.call('workload.list', {}, signal)
    const live = all.filter(({ state }) => !['completed', 'failed', 'stopped'].includes(state))
    const wanted = live.filter(({ id, name }) => workloads.includes(id) || workloads.includes(name))
    await Promise.all([...new Set(wanted.map(({ id, part }) => part?.group ?? id))].map(stopped))
  }

  /** Replicas that last, and a port of this host that is free. */
  async beforeCreate(line: string): Promise<string> {
    const [, , name = ''] = line.split(' ')
    await this.without(name)
    return line
      .replace('deploy create', `deploy create -e ${day}`)
      .replace('--service 8080', `--service ${await freePort()}`)
  }

  async deployment(name: string): Promise<void> {
    const service = name === 'web' ? { port: await freePort(), targetPort: 8_080 } : undefined
    const request = { name, image: 'nginx:1.27', env: [day], ...(service !== undefined && { service }) }
    await this.#ignoring('DEPLOYMENT_EXISTS', () => this.api.call('deploy.create', request, signal))
    await this.#atRest(name)
  }

  async without(name: string): Promise<void> {
    await this.#ignoring('DEPLOYMENT_NOT_FOUND', async () => {
      await this.api.call('deploy.delete', { deployment: name }, signal)
      await this.#atRest(name)
    })
  }

  async canary(name: string): Promise<void> {
    const { revision } = await this.api.call('deploy.status', { deployment: name }, signal)
    const changed = { deployment: name, image: `nginx:1.${revision + 28}`, strategy: 'canary:20' }
    await this.api.call('deploy.update', changed, signal)
    await this.#atRest(name)
  }

  async namespace(namespace: string): Promise<void> {
    await this.#ignoring('NAMESPACE_EXISTS', () => this.api.call('namespace.create', { namespace }, signal))
  }

  async noNamespace(namespace: string): Promise<void> {
    await this.#ignoring('NAMESPACE_NOT_FOUND', () => this.api.call('namespace.delete', { namespace }, signal))
  }

  /** For nobody's work, so that no other example meets it. */
  async policy(name: string): Promise<void> {
    const policy = { name, namespaces: ['nobody'], rules: { maxGpus: 1, requireLimits: ['memory' as const] } }
    await this.#ignoring('POLICY_EXISTS', () => this.api.call('policy.create', policy, signal))
  }

  async noPolicies(): Promise<void> {
    for (const { name } of await this.api.call('policy.list', {}, signal))
      await this.api.call('policy.delete', { policy: name }, signal)
  }

  async noOperator(): Promise<void> {
    const operators = await this.api.call('operator.list', {}, signal)
    if (operators.some((one) => one.key === key)) await this.api.call('operator.remove', { operator: key }, signal)
  }

  async operator(): Promise<void> {
    await this.noOperator()
    await this.api.call('operator.add', { name: 'ada', key }, signal)
  }

  async context(): Promise<void> {
    const words = [
      'context',
      'add',
      'lab',
      `http://${this.#mesh.get(0).api}`,
      '--token-file',
      join(this.folder, 'lab.token'),
    ]
    const { code, stderr } = await runCli(words, { XDG_CONFIG_HOME: join(this.folder, '.config') })
    if (code !== 0) throw new Error(stderr)
  }

  /** What the example of another command writes. */
  async exported(): Promise<void> {
    const parts = await Array.fromAsync(this.api.stream('audit.export', {}, signal))
    writeFileSync(join(this.folder, 'audit.jsonl'), parts.map(({ text }) => text).join(''))
  }

  async volume(name: string): Promise<void> {
    await this.#ignoring('VOLUME_EXISTS', () => this.api.call('volume.create', { name }, signal))
  }

  async noVolume(name: string): Promise<void> {
    await this.#ignoring('VOLUME_NOT_FOUND', () => this.api.call('volume.delete', { name }, signal))
  }

  async newcomer(): Promise<string> {
    await this.#mesh.add('newcomer', simulated)
    return 'newcomer'
  }

  async #run(name: string, span: string, node?: string): Promise<string> {
    const request = {
      image: 'busybox',
      name,
      env: [span, 'CLAW_SIM_OUTPUT=hello'],
      ...(node !== undefined && { node }),
    }
    await this.#ignoring('NAME_TAKEN', () => this.api.call('workload.run', request, signal))
    for await (const { id, state } of this.api.stream('workload.wait', { workload: name }, signal))
      if (state === 'running') return id
    throw new Error(`${name} has ended`)
  }

  async #atRest(deployment: string): Promise<void> {
    await Array.fromAsync(this.api.stream('deploy.wait', { deployment }, signal))
  }

  async #ignoring(code: FailureCode, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!ClawError.is(error, code)) throw error
    }
  }
}

/** GPUs and work of this mesh are simulated: the examples are about command lines. */
/** Interfaces of this machine are not for tests: those have hosts of their own. */
export const simulated = {
  ...{ gpus: '8xH100', extra: ['--executor', 'simulated'] },
  environment: { CLAWNODE_NETWORK_WIREGUARD_MANAGE: 'false' },
} as const
