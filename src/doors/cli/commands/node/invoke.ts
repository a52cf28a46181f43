import { text } from 'node:stream/consumers'
import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../command.ts'

export default command({
  name: 'node invoke',
  about: 'Run any operation on a named node.',
  details:
    'The names are those of docs/reference/api.md; workload.* mean the containers of that node. The answer is JSON.',
  positionals: {
    node: { about: 'Name or id of the node', completes: 'node' },
    command: { about: 'Operation, such as gpu.metrics or workload.run' },
    params: { about: 'Its parameters as JSON; - reads them from standard input', optional: true },
  },
  options: {},
  examples: [
    'node invoke gpu-node-1 gpu.metrics',
    `node invoke gpu-node-1 workload.run '{"image":"nginx:latest","gpus":1,"memory":"4g"}'`,
    `node invoke gpu-node-1 workload.stop '{"name":"my-nginx","force":true}'`,
  ],

  async run({ node, command: name, params: given = '{}' }, { api: connect, out, signal, host }) {
    const api = await connect()
    const params = paramsIn(given === '-' ? await text(host.stdin) : given)
    const output = await api.call('node.invoke', { node, command: name, params }, signal)
    await out.result(output, (value) => [JSON.stringify(value, null, 2)])
    return undefined
  },
})

function paramsIn(json: string): Record<string, unknown> {
  const invalid = (cause?: unknown): ClawError =>
    new ClawError('INVALID_REQUEST', { problem: 'the parameters are not a JSON object' }, { cause })
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (error) {
    throw invalid(error)
  }
  throw invalid()
}
