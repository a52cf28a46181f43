/** Config maps: words for work that are no secrets, kept by the mesh. */
import { z } from 'zod'
import { closest } from '../../lib/closest.ts'
import { ClawError } from '../../model/failure.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import type { ConfigMap } from '../../model/secret.ts'
import { configKey, inNamespace, secretName } from '../../model/secret.ts'
import { isTerminal } from '../../model/workload.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { idempotencyKey, iso, processText, time } from '../fields.ts'
import { beforeDenial, refresh } from '../find.ts'
import { unary } from '../operation.ts'
import { namespaceIn } from '../secret/secret-fields.ts'

const namespace = namespaceName.default(defaultNamespace).describe('Namespace that it is in')
const named = { name: secretName.describe('Name of the config map'), namespace }
const text = processText(131_072)
const key = idempotencyKey.optional().describe('The same key by the same caller does it once')

const ConfigView = z.object({
  name: z.string(),
  namespace: z.string(),
  data: z.record(z.string(), z.string()),
  immutable: z.boolean().describe('It cannot be changed, only deleted'),
  version: z.int().describe('Rises with every change'),
  users: z.array(z.string()).describe('Names of work that has not ended and is given it'),
  createdAt: time,
  createdBy: z.string(),
  updatedAt: time,
})

function configView(config: ConfigMap, { control }: Pick<OperationContext, 'control'>): z.infer<typeof ConfigView> {
  const { name, namespace: where, data, immutable, version, createdAt, createdBy, updatedAt } = config
  const users = [...control.state.workloads.values()].filter(
    ({ spec, state }) =>
      spec.namespace === where && !isTerminal(state) && spec.configs?.some((ref) => ref.config === name) === true,
  )
  return {
    ...{ name, namespace: where, data: { ...data }, immutable, version, createdBy },
    users: users.map((workload) => workload.name),
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  }
}

interface Reference {
  readonly name: string
  readonly namespace: string
}

/** Throws CONFIG_NOT_FOUND. */
function configIn({ control }: Pick<OperationContext, 'control'>, { name, namespace: where }: Reference): ConfigMap {
  const { configs } = control.state
  const found = configs.get(inNamespace(where, name))
  if (found !== undefined) return found
  const near = closest(
    name,
    [...configs.values()].flatMap((one) => (one.namespace === where ? [one.name] : [])),
  )
  throw new ClawError('CONFIG_NOT_FOUND', { config: inNamespace(where, name), ...(near !== null && { near }) })
}

export const configCreate = unary({
  name: 'config.create',
  about: 'Make a config map, whose keys are variables or files of the work that is given it.',
  input: z.strictObject({
    ...named,
    data: z.record(configKey, text).default({}),
    immutable: z.boolean().default(false).describe('It cannot be changed later'),
    idempotencyKey: key,
  }),
  output: ConfigView,
  permission: { verb: 'create', resource: 'config' },
  namespace: namespaceIn,
  rest: { method: 'POST', path: '/api/configs' },
  async handler({ name, namespace: where, data, immutable, idempotencyKey: own }, context, { caller, signal }) {
    const command = { type: 'create-config', namespace: where, name, data, immutable } as const
    await carryOut('config', command, { context, caller, signal, key: own })
    return configView(configIn(context, { name, namespace: where }), context)
  },
})

export const configUpdate = unary({
  name: 'config.update',
  about: 'Change keys of a config map. Work takes them when it starts next.',
  input: z.strictObject({
    ...named,
    data: z.record(configKey, text.nullable()).default({}).describe('What changes; null takes a key away'),
    replace: z.boolean().default(false).describe('What is not named goes'),
    immutable: z.literal(true).optional().describe('It cannot be changed after this'),
    idempotencyKey: key,
  }),
  output: ConfigView,
  permission: { verb: 'change', resource: 'config' },
  namespace: namespaceIn,
  rest: { method: 'PATCH', path: '/api/configs/:name' },
  async handler(
    { name, namespace: where, data, replace, immutable, idempotencyKey: own },
    context,
    { caller, signal },
  ) {
    const command = {
      ...{ type: 'update-config' as const, namespace: where, name, data, whole: replace },
      ...(immutable !== undefined && { immutable }),
    }
    await carryOut('config', command, { context, caller, signal, key: own })
    return configView(configIn(context, { name, namespace: where }), context)
  },
})

export const configDelete = unary({
  name: 'config.delete',
  about: 'Take a config map away. Work that has it keeps it until it ends.',
  input: z.strictObject(named),
  output: z.object({ name: z.string(), namespace: z.string(), deleted: z.boolean() }),
  permission: { verb: 'remove', resource: 'config' },
  namespace: namespaceIn,
  rest: { method: 'DELETE', path: '/api/configs/:name' },
  async handler({ name, namespace: where }, context, { caller, signal }) {
    await carryOut('config', { type: 'delete-config', namespace: where, name }, { context, caller, signal })
    return { name, namespace: where, deleted: true }
  },
})

export const configList = unary({
  name: 'config.list',
  about: 'List the config maps of a namespace, by name.',
  input: z.strictObject({
    namespace,
    prefix: z.string().max(63).optional().describe('Only those whose names begin like this'),
  }),
  output: z.array(ConfigView),
  permission: { verb: 'read', resource: 'config' },
  namespace: namespaceIn,
  rest: { method: 'GET', path: '/api/configs' },
  async handler({ namespace: where, prefix = '' }, context, { signal }) {
    await refresh(context, signal)
    return [...context.control.state.configs.values()]
      .filter(({ namespace: own, name }) => own === where && name.startsWith(prefix))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((config) => configView(config, context))
  },
})

export const configGet = unary({
  name: 'config.get',
  about: 'Show one config map with all of its keys.',
  input: z.strictObject(named),
  output: ConfigView,
  permission: { verb: 'read', resource: 'config' },
  namespace: namespaceIn,
  rest: { method: 'GET', path: '/api/configs/:name' },
  async handler(input, context, { signal }) {
    await refresh(context, signal)
    return configView(await beforeDenial(context, () => configIn(context, input), signal), context)
  },
})
