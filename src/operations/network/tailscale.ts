/** One node’s place in a tailnet: how it is, up and down, and what it was made from. */
import { z } from 'zod'
import { dropInFolder, tailscaleDropIn } from '../../core/install/drop-ins.ts'
import { serveCommands, upCommand } from '../../core/tailscale/arguments.ts'
import { policyFor } from '../../core/tailscale/policy.ts'
import { ClawError } from '../../model/failure.ts'
import { second } from '../../model/time.ts'
import type { TailscaleLook } from '../../services/tailscale/types.ts'
import type { OperationContext } from '../context.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'
import { askedNode, nodeAsked } from '../workload/container-ref.ts'
import { TailscaleStatus, tailscaleStatusOf } from './tailnet-view.ts'

const read = { verb: 'read', resource: 'network' } as const
const change = { verb: 'change', resource: 'network' } as const
const input = z.strictObject({ node: askedNode })

/** Throws TAILSCALE_OFF. */
function wanted(
  look: TailscaleLook | null,
  { control, self }: Pick<OperationContext, 'control' | 'self'>,
): TailscaleLook {
  if (look === null) throw new ClawError('TAILSCALE_OFF', { node: nameOf(control.state, self) })
  return look
}

export const tailscaleStatus = unary({
  name: 'tailscale.status',
  about:
    'Show how a node is in its tailnet: its state, its addresses there, and what is to be run where something is wrong.',
  input,
  output: TailscaleStatus,
  permission: read,
  where: nodeAsked,
  rest: { method: 'GET', path: '/api/network/tailscale' },
  handler(_, context) {
    const look = wanted(context.tailnet.look(), context)
    return Promise.resolve(tailscaleStatusOf(context.control.state, context.self, look))
  },
})

export const tailscaleUp = unary({
  name: 'tailscale.up',
  about:
    'Bring the tailnet of a node up, also after it was turned off. Without a key it is told where a person lets the node in.',
  input,
  output: TailscaleStatus.extend({
    loginUrl: z.string().nullable().describe('Whoever opens it lets the node into a tailnet of theirs'),
  }),
  permission: change,
  where: nodeAsked,
  patience: () => ({ span: 90 * second, what: 'Bringing the tailnet up' }),
  rest: { method: 'POST', path: '/api/network/tailscale/up' },
  async handler(_, context, { signal }) {
    const look = wanted(await context.tailnet.up(signal), context)
    const loginUrl = look.tailnet?.state === 'NeedsLogin' ? look.tailnet.loginUrl : null
    return { ...tailscaleStatusOf(context.control.state, context.self, look), loginUrl }
  },
})

export const tailscaleDown = unary({
  name: 'tailscale.down',
  about:
    'Turn the tailnet of a node off. It stays off, also when its daemon starts again; other members forget its addresses there.',
  input,
  output: TailscaleStatus,
  permission: change,
  where: nodeAsked,
  rest: { method: 'POST', path: '/api/network/tailscale/down' },
  async handler(_, context, { signal }) {
    const look = wanted(await context.tailnet.down(signal), context)
    return tailscaleStatusOf(context.control.state, context.self, look)
  },
})

export const tailscaleConfig = unary({
  name: 'tailscale.config',
  about:
    'Show what brings a node into its tailnet: the command, and what systemd has to let the daemon do. No key is in it.',
  input,
  output: z.object({
    node: z.string(),
    up: z.string().describe('What the daemon does, as a person would'),
    serve: z.array(z.string()).describe('For services of the tailnet; the daemon runs none of it'),
    dropIn: z.object({ path: z.string(), text: z.string() }),
  }),
  permission: read,
  where: nodeAsked,
  rest: { method: 'GET', path: '/api/network/tailscale/config' },
  handler(_, context) {
    const { setup } = wanted(context.tailnet.look(), context)
    const { keySource: key } = context.tailnet
    const { file, text } = tailscaleDropIn({ key, operator: 'clawnode', socket: setup.socket })
    return Promise.resolve({
      ...{ node: nameOf(context.control.state, context.self), up: upCommand(setup), serve: [...serveCommands(setup)] },
      dropIn: { path: `${dropInFolder}/${file}`, text },
    })
  },
})

export const tailscaleAcl = unary({
  name: 'tailscale.acl',
  about: 'Show what the policy of a tailnet has to say for nodes with the settings of this one to reach each other.',
  input,
  output: z.object({
    policy: z.record(z.string(), z.unknown()).describe('For Tailscale’s and Headscale’s policy files'),
  }),
  permission: read,
  where: nodeAsked,
  rest: { method: 'GET', path: '/api/network/tailscale/acl' },
  handler(_, context) {
    const { setup } = wanted(context.tailnet.look(), context)
    return Promise.resolve({ policy: { ...policyFor(setup, context.tailnet.ports) } })
  },
})
