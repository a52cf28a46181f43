/** Running any operation on a named node. */
import { z } from 'zod'
import { findNode } from './find.ts'
import { nodeRef } from './fields.ts'
import { unary } from './operation.ts'

/** On a node, these names mean its own containers. */
export const nodeCommands: Readonly<Record<string, string>> = {
  'workload.run': 'container.run',
  'workload.stop': 'container.stop',
  'workload.logs': 'container.logs',
  'workload.list': 'container.list',
  'workload.inspect': 'container.inspect',
  'workload.stats': 'container.stats',
}

export const nodeInvoke = unary({
  name: 'node.invoke',
  about:
    'Run an operation on a named node. There, workload.run, stop, logs, list, inspect and stats mean its own containers.',
  input: z.strictObject({
    node: nodeRef,
    command: z.string().min(1).max(64).describe('Name of an operation, such as workload.run or gpu.metrics'),
    params: z.record(z.string(), z.unknown()).default({}),
  }),
  output: z.unknown(),
  permission: { verb: 'invoke', resource: 'node' },
  rest: { method: 'POST', path: '/api/nodes/:node/invoke' },
  where: ({ node }, { control }) => findNode(control.state, node),
  handler: ({ command, params }, _, call) => call.invoke(nodeCommands[command] ?? command, params),
})
