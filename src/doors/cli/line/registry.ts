/** Every command there is. A command's own file is loaded only when it is the one. */
import { auditRows } from './audit-rows.ts'
import { authRows } from './auth-rows.ts'
import { backupRows } from './backup-rows.ts'
import { debugRows } from './debug-rows.ts'
import { volumeRows } from './volume-rows.ts'
import { deployRows } from './deploy-rows.ts'
import { imageRows } from './image-rows.ts'
import { ingressRows } from './ingress-rows.ts'
import { moltRows } from './molt-rows.ts'
import { networkPolicyRows } from './network-policy-rows.ts'
import { networkRows } from './network-rows.ts'
import { policyRows } from './policy-rows.ts'
import type { Row } from './row.ts'
import { secretRows } from './secret-rows.ts'
import { spoolRows } from './spool-rows.ts'
import { specRows } from './spec-rows.ts'
import { timedRows } from './timed-rows.ts'

export const nouns: Readonly<Record<string, string>> = {
  mesh: 'The state of the mesh as a file',
  spool: 'What a peer keeps while there is no leader',
  gateway: 'The leader of the mesh',
  node: 'The hosts of the mesh',
  workload: 'What runs on the mesh',
  image: 'Container images, and which nodes have them',
  deploy: 'What runs all the time, and how a new revision of it takes over',
  job: 'What is to be done so many times, and then is over',
  cron: 'Jobs that are made by the clock',
  workflow: 'Steps that need each other, each of them a job',
  ingress: 'Which requests from outside go to which deployment',
  namespace: 'Whose work it is, and how much it may take',
  volume: 'Where work keeps its data',
  backup: 'Copies of volumes and of the mesh, kept elsewhere',
  'backup schedule': 'Backups by the clock',
  audit: 'Who did what, and who was turned away',
  policy: 'What work may be',
  price: 'What it costs',
  molt: 'Lending and using GPUs across meshes',
  'molt network': 'Which MOLT network the mesh takes part in',
  'molt policy': 'At which terms a node lends',
  'molt lease': 'What a node lends',
  'molt job': 'What strangers run for a node',
  'molt config': 'How a node buys: limits, and from whom it takes',
  'molt dispute': 'What arbiters are asked about',
  secret: 'What only the work that needs it may know',
  config: 'Words for work that are no secrets',
  token: 'Letting hosts in',
  operator: 'Letting people in from outside',
  auth: 'Who may do what',
  'auth role': 'What those may do who have a role',
  'auth user': 'People and programs, and the roles that they have',
  'auth apikey': 'Secrets for programs, good for a while',
  service: 'Deployments that take requests',
  network: 'One private network over all nodes',
  'network policy': 'Who may reach whom',
  'network wg': 'What it is made of: WireGuard',
  context: 'Which mesh to talk to',
  debug: 'What a bug report needs',
}

export const commands: readonly Row[] = [
  { path: 'status', about: 'Show the mesh in numbers.', load: () => import('../commands/status.ts') },
  { path: 'run', about: 'Run a container on the mesh.', load: () => import('../commands/run.ts') },
  ...specRows,
  {
    path: 'logs',
    about: 'Show what workloads have printed, or search what all of them have.',
    aliases: ['workload logs'],
    load: () => import('../commands/logs.ts'),
  },
  {
    path: 'exec',
    about: 'Run a further command in a workload, wherever it runs.',
    aliases: ['workload exec'],
    load: () => import('../commands/exec.ts'),
  },
  {
    path: 'attach',
    about: 'Talk to a workload itself: its input, its output, and its end.',
    aliases: ['workload attach'],
    load: () => import('../commands/attach.ts'),
  },
  {
    path: 'shell',
    about: 'Open a shell in a workload: exec -it with bash, or sh where there is none.',
    load: () => import('../commands/shell.ts'),
  },
  {
    path: 'cp',
    about: 'Copy files and folders into a workload, or out of it.',
    load: () => import('../commands/cp.ts'),
  },
  {
    path: 'port-forward',
    about: 'Reach ports of a workload at ports of this machine.',
    load: () => import('../commands/port-forward.ts'),
  },
  {
    path: 'stop',
    about: 'Stop a workload, a gang or an array, or cancel one that waits.',
    aliases: ['workload cancel', 'workload stop'],
    load: () => import('../commands/stop.ts'),
  },
  {
    path: 'wait',
    about: 'Wait until workloads run, are ready, have ended, or are forgotten.',
    load: () => import('../commands/wait.ts'),
  },
  {
    path: 'top',
    about: 'Show what nodes, workloads or GPUs use now.',
    load: () => import('../commands/top.ts'),
  },
  {
    path: 'why',
    about: 'Say why a workload waits, or how it came to where it is.',
    aliases: ['workload why'],
    load: () => import('../commands/why.ts'),
  },
  {
    path: 'service list',
    about: 'List the deployments that take requests: at which port, and how many replicas can answer.',
    load: () => import('../commands/service/list.ts'),
  },
  {
    path: 'service info',
    about: 'Show one deployment that takes requests: each replica behind it, and how requests went of late.',
    load: () => import('../commands/service/info.ts'),
  },
  { path: 'workload list', about: 'List workloads, newest first.', load: () => import('../commands/workload/list.ts') },
  {
    path: 'workload info',
    about: 'Show one workload: where it runs, why it waits, how it ended.',
    aliases: ['workload status'],
    load: () => import('../commands/workload/info.ts'),
  },
  {
    path: 'workload migrate',
    about: 'Move a workload to another node.',
    load: () => import('../commands/workload/migrate.ts'),
  },
  ...deployRows,
  ...auditRows,
  ...timedRows,
  ...volumeRows,
  ...backupRows,
  ...networkRows,
  ...networkPolicyRows,
  { path: 'node list', about: 'List the nodes and their GPUs.', load: () => import('../commands/node/list.ts') },
  { path: 'node info', about: 'Show one node in full.', load: () => import('../commands/node/info.ts') },
  { path: 'node events', about: 'List what happened to a node.', load: () => import('../commands/node/events.ts') },
  { path: 'node label', about: 'Set or take away labels of a node.', load: () => import('../commands/node/label.ts') },
  {
    path: 'node cordon',
    about: 'Let no new work onto a node; what it has stays.',
    load: () => import('../commands/node/cordon.ts'),
  },
  {
    path: 'node uncordon',
    about: 'Let new work onto a node again.',
    load: () => import('../commands/node/uncordon.ts'),
  },
  {
    path: 'node drain',
    about: 'Move all work off a node, and let no new work onto it.',
    load: () => import('../commands/node/drain.ts'),
  },
  {
    path: 'node undrain',
    about: 'End the drain of a node: it takes new work again.',
    load: () => import('../commands/node/undrain.ts'),
  },
  {
    path: 'node taint',
    about: 'Keep work away from a node unless it tolerates that.',
    load: () => import('../commands/node/taint.ts'),
  },
  {
    path: 'node invoke',
    about: 'Run any operation on a named node, or on several.',
    load: () => import('../commands/node/invoke.ts'),
  },
  { path: 'node remove', about: 'Take a node out of the mesh.', load: () => import('../commands/node/remove.ts') },
  { path: 'gateway ping', about: 'Check that a peer answers.', load: () => import('../commands/gateway/ping.ts') },
  {
    path: 'gateway status',
    about: 'Show who leads and who votes.',
    load: () => import('../commands/gateway/status.ts'),
  },
  {
    path: 'gateway voters',
    about: 'List the nodes that vote, as the leader sees them.',
    load: () => import('../commands/gateway/voters.ts'),
  },
  {
    path: 'gateway transfer',
    about: 'Hand the lead to another voter.',
    load: () => import('../commands/gateway/transfer.ts'),
  },
  ...policyRows,
  ...moltRows,
  ...secretRows,
  {
    path: 'gateway recover',
    about: 'Go on without a majority of the voters, which is lost for ever.',
    load: () => import('../commands/gateway/recover.ts'),
  },
  {
    path: 'mesh backup',
    about: 'Write the state of the mesh to a file.',
    load: () => import('../commands/mesh/backup.ts'),
  },
  {
    path: 'mesh restore',
    about: 'Replace the state of the mesh by that of a backup.',
    load: () => import('../commands/mesh/restore.ts'),
  },
  ...imageRows,
  ...spoolRows,
  {
    path: 'token create',
    about: 'Make a token that lets one host join.',
    load: () => import('../commands/token/create.ts'),
  },
  {
    path: 'operator key',
    about: 'Show the id of your operator key, made now if there is none.',
    load: () => import('../commands/operator/key.ts'),
  },
  {
    path: 'operator add',
    about: 'Let an operator key attach from outside.',
    load: () => import('../commands/operator/add.ts'),
  },
  { path: 'operator list', about: 'List the operator keys.', load: () => import('../commands/operator/list.ts') },
  { path: 'operator remove', about: 'Let a key attach no more.', load: () => import('../commands/operator/remove.ts') },
  ...ingressRows,
  ...authRows,
  {
    path: 'doctor',
    about: 'Find out what stands between you and the mesh.',
    load: () => import('../commands/doctor.ts'),
  },
  ...debugRows,
  {
    path: 'context ls',
    about: 'List the meshes that have a name here, and which one is in use.',
    aliases: ['context list'],
    load: () => import('../commands/context/ls.ts'),
  },
  { path: 'context use', about: 'Talk to this mesh from now on.', load: () => import('../commands/context/use.ts') },
  {
    path: 'context add',
    about: 'Give a mesh a name: where its peers are, and how to get in.',
    load: () => import('../commands/context/add.ts'),
  },
  {
    path: 'context rm',
    about: 'Forget a mesh and how to get in.',
    aliases: ['context remove'],
    load: () => import('../commands/context/rm.ts'),
  },
  {
    path: 'context current',
    about: 'Say which mesh is talked to.',
    load: () => import('../commands/context/current.ts'),
  },
  { path: 'events', about: 'Show what happens in the mesh.', load: () => import('../commands/events.ts') },
  {
    path: 'sim',
    about: 'Simulate a mesh on this machine: real daemons, simulated GPUs, and faults at will.',
    load: () => import('../commands/sim.ts'),
  },
  {
    path: 'sim market',
    about: 'Simulate a market of GPUs among strangers, some of whom cheat.',
    load: () => import('../commands/sim/market.ts'),
  },
  {
    path: 'completion',
    about: 'Print the completion script of a shell.',
    load: () => import('../commands/completion.ts'),
  },
  {
    path: '__complete',
    about: 'Offer what could follow, for the shells.',
    hidden: true,
    load: () => import('../commands/complete.ts'),
  },
  {
    path: 'version',
    about: 'Show the versions of this CLI, of every peer, and of the mesh’s state.',
    load: () => import('../commands/version.ts'),
  },
]
