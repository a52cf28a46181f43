import { parseDuration } from '../../../../lib/units.ts'
import type { FailureCode } from '../../../../model/failure.ts'
import { ClawError } from '../../../../model/failure.ts'
import { failures } from '../../../../model/failures.ts'
import type { OutputOf } from '../../../../operations/registry.ts'
import type { Session } from '../../line/command.ts'
import { command } from '../../line/command.ts'
import { exitCodeOf, partly } from '../../exit-code.ts'
import { pairsOf } from '../../line/pairs.ts'
import { paramsFrom } from '../../line/params.ts'
import type { Column } from '../../show/table.ts'

export default command({
  name: 'node invoke',
  about: 'Run any operation on a named node, or on several.',
  details:
    'The names are those of docs/reference/api.md; workload.* mean the containers of that node. The parameters are JSON, @FILE, or - for standard ' +
    'input; the answer is JSON. With --nodes, --all or --label leave the node out: the answer is a table of what each node said, and with -o json ' +
    'an object with the replies by node. --timeout is one deadline for all: then the nodes stop working, too. With --idempotency-key a repetition ' +
    'changes nothing and gets the reply of the first.',
  positionals: {
    node: { about: 'Name or id of the node; leave it out with --nodes, --all or --label', completes: 'node' },
    command: { about: 'Operation, such as gpu.metrics or workload.run', optional: true },
    params: { about: 'Its parameters: JSON, @FILE, or - for standard input', optional: true },
  },
  options: {
    nodes: { kind: 'text', value: 'A,B', about: 'Run it on these nodes' },
    all: { kind: 'flag', about: 'Run it on all nodes' },
    label: {
      kind: 'list',
      short: 'l',
      value: 'KEY=VALUE',
      about: 'Run it on all nodes that carry this label; repeat for more',
    },
    timeout: { kind: 'text', value: 'TIME', about: 'How long it may take, at most 10m; 2m if left out' },
    'idempotency-key': { kind: 'text', value: 'KEY', about: 'Carry it out once, however often it is asked for' },
  },
  examples: [
    'node invoke gpu-node-1 gpu.metrics',
    `node invoke gpu-node-1 workload.run '{"image":"nginx:latest","gpus":1,"memory":"4g"}'`,
    `node invoke gpu-node-1 workload.stop '{"name":"my-nginx","force":true}'`,
    'node invoke --all node.health',
    'node invoke -l zone=a --timeout 10s gpu.metrics -o json',
  ],

  async run({ nodes, all, label, timeout, 'idempotency-key': idempotencyKey, ...words }, session) {
    const isMany = nodes !== undefined || all || label.length > 0
    const given = [words.node, words.command, words.params].filter((word) => word !== undefined)
    const [node, name, params = '{}', ...more] = isMany ? ['', ...given] : given
    if (name === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'say what to run, such as gpu.metrics' })
    if (more.length > 0)
      throw new ClawError('INVALID_REQUEST', {
        problem: `${given[0] ?? ''}: leave the node out with --nodes, --all or --label`,
      })
    const timeoutMs = timeout === undefined ? undefined : timeoutOf(timeout)
    const invocation = { command: name, params: await paramsFrom(params, session.host), timeoutMs, idempotencyKey }
    const api = await session.api()
    // The peer says why it took too long, when it does so in time.
    const patience = timeoutMs === undefined ? undefined : timeoutMs + 5_000
    if (!isMany) {
      const output = await api.call('node.invoke', { node: node ?? '', ...invocation }, session.signal, patience)
      await session.out.result(output, (value) => [JSON.stringify(value, null, 2)])
      return undefined
    }
    const which = {
      nodes: nodes?.split(',').filter((one) => one !== ''),
      all: all ? true : undefined,
      labels: label.length === 0 ? undefined : pairsOf(label, 'label'),
    }
    return show(await api.call('mesh.invoke', { ...which, ...invocation }, session.signal, patience), session)
  },
})

type Replies = OutputOf<'mesh.invoke'>

async function show(replies: Replies, { out }: Session): Promise<number> {
  await out.result(replies, ({ nodes }, style) => style.table(Object.entries(nodes), columns))
  const errors = Object.values(replies.nodes).flatMap(({ error }) => (error === null ? [] : [error]))
  const [first] = errors
  if (first === undefined) return 0
  if (replies.succeeded > 0) return partly
  return exitCodeOf({ code: first.code as FailureCode, kind: kindOf(first.code) })
}

const kindOf = (code: string) => (code in failures ? failures[code as FailureCode].kind : 'internal')

const widest = 100

const columns: readonly Column<[string, Replies['nodes'][string]]>[] = [
  { head: 'Node', cell: ([name]) => name },
  { head: 'Result', cell: ([, { error }]) => error?.code ?? 'ok' },
  { head: 'Time', cell: ([, { ms }]) => `${ms} ms` },
  { head: 'Reply', cell: ([, { payload, error }]) => shortened(error?.message ?? JSON.stringify(payload)) },
]

const shortened = (text: string): string => (text.length > widest ? `${text.slice(0, widest - 1)}…` : text)

function timeoutOf(text: string): number {
  const span = parseDuration(text)
  if (span !== null && span >= 1 && span <= 600_000) return Math.round(span)
  throw new ClawError('INVALID_REQUEST', {
    problem: `--timeout ${text} is no span of at most 10m: write 500ms, 30s or 5m`,
  })
}
