/** What goes on record of a call: that it begins, how it ended, and that somebody was turned away. Names of things, never values. */
import type { Deed } from '../model/audit.ts'
import { done } from '../model/audit.ts'
import { isClawError } from '../model/failure.ts'
import type { OperationContext } from './context.ts'
import type { Caller, Operation, Permission } from './operation.ts'

type Recorder = Pick<OperationContext, 'audit'>

interface Asking {
  readonly caller: Caller
  readonly request?: string
}

/** Says how it ended: null, or what was thrown. */
type End = (failure: unknown) => Promise<void>

/** What only looks is not recorded, unless it takes a copy of everything along. */
const isRecorded = ({ permission: { verb, resource }, isStep }: Operation): boolean =>
  isStep !== true && (verb !== 'read' || resource === 'backup')

const denials: ReadonlySet<string> = new Set(['PERMISSION_DENIED', 'AUTH_FAILED'])

/** With these, room is made on a disk that is full. */
const making: readonly Permission['verb'][] = ['stop', 'remove']

type Settled = Asking & { readonly context: Recorder }

/** Does it, with its beginning and its end on record. Throws DISK_FULL when that it begins cannot be recorded: then it is not done. */
export async function recorded<T>(
  operation: Operation,
  input: unknown,
  settled: Settled,
  work: () => Promise<T>,
): Promise<T> {
  const end = await begin(operation, input, settled)
  try {
    const result = await work()
    await end(null)
    return result
  } catch (error) {
    await end(error)
    throw error
  }
}

/** The same of what answers with items: it is over when the last one was read, or when nobody reads on. */
export async function* recordedItems<T>(
  operation: Operation,
  input: unknown,
  settled: Settled,
  items: () => AsyncIterable<T>,
): AsyncGenerator<T> {
  const end = await begin(operation, input, settled)
  let failure: unknown = null
  try {
    yield* items()
  } catch (error) {
    failure = error
    throw error
  } finally {
    await end(failure)
  }
}

async function begin(operation: Operation, input: unknown, { context, ...asker }: Settled): Promise<End> {
  if (!isRecorded(operation)) {
    return (failure) => {
      turnedAway(context, operation, { input, ...asker }, failure)
      return Promise.resolve()
    }
  }
  const makesRoom = making.includes(operation.permission.verb)
  const deed = deedOf(operation, input, asker)
  const ending = await context.audit.begin({ ...deed, object: operation.object?.(input) ?? deed.object, makesRoom })
  return (failure) => ending(outcomeOf(failure))
}

interface Asked extends Asking {
  readonly input: unknown
}

/** Notes that somebody was turned away, if that is what has happened. */
export function turnedAway(
  { audit }: Recorder,
  operation: Operation,
  { input, ...asker }: Asked,
  failure: unknown,
): void {
  const outcome = failure === null ? done : outcomeOf(failure)
  if (denials.has(outcome)) audit.denied({ ...deedOf(operation, input, asker), outcome })
}

/** Looks whether somebody may; whoever is turned away goes on record. */
export function onRecord<T>(
  context: Recorder,
  operation: Operation,
  asked: Asked,
  look: () => T | Promise<T>,
): T | Promise<T> {
  const away = (error: unknown): never => {
    turnedAway(context, operation, asked, error)
    throw error
  }
  try {
    const found = look()
    return found instanceof Promise ? found.catch(away) : found
  } catch (error) {
    return away(error)
  }
}

function outcomeOf(failure: unknown): string {
  if (failure === null) return done
  if (isClawError(failure)) return failure.code
  return failure instanceof Error && failure.name === 'AbortError' ? 'CANCELLED' : 'INTERNAL'
}

function deedOf(operation: Operation, input: unknown, { caller, request }: Asking): Deed {
  const { name, permission } = operation
  return {
    ...{ actor: caller.id, via: caller.via?.[0] ?? null, operation: name, ...permission },
    namespace: textIn(input, ['namespace']),
    object: objectOf(operation, input),
    request: request ?? '-',
  }
}

/** The input may not have been checked yet. */
function objectOf({ rest, permission }: Operation, input: unknown): string | null {
  const inPath = [...(rest?.path ?? '').matchAll(/:(\w+)/g)].map(([, parameter = '']) => parameter)
  return textIn(input, [...inPath.toReversed(), 'name', permission.resource, 'workload', 'image', 'node'])
}

/** The first of these fields that is a text, or a list of texts. */
function textIn(input: unknown, fields: readonly string[]): string | null {
  if (typeof input !== 'object' || input === null) return null
  const record = input as Readonly<Record<string, unknown>>
  for (const field of fields) {
    const value = Object.hasOwn(record, field) ? record[field] : undefined
    if (typeof value === 'string' && value !== '') return value
    if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'))
      return value.slice(0, 8).join(' ')
  }
  return null
}
