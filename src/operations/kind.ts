/** Kinds of things that have a name in a namespace and an id of their own: how a request names one, how it is found, and what it is told. */
import { z } from 'zod'
import type { Command, MeshState } from '../core/state/types.ts'
import type { Permission, Resource } from '../model/access.ts'
import { ClawError } from '../model/failure.ts'
import { defaultNamespace, namespaceName } from '../model/namespace.ts'
import { carryOut } from './carry-out.ts'
import type { OperationContext } from './context.ts'
import { refresh } from './find.ts'
import type { Call } from './operation.ts'
import { unary } from './operation.ts'

/** Where it is looked for by its name. */
const namespaceField = namespaceName.optional().describe('The namespace that it belongs to; `default`')
export const reasonField = z.string().min(1).max(256).optional().describe('Why, for those who look at it later')
export const keyField = z.string().min(1).max(128).optional().describe('The same key by the same caller does it once')
const ref = z.string().min(1).max(128).optional()

interface Called {
  readonly id: string
  readonly name: string
  readonly namespace: string
}

interface Said<T> {
  /** In prose. */
  readonly what: string
  all(state: MeshState): Iterable<T>
  /** That there is none of that name. */
  missing(wanted: string): ClawError
}

type Reference = Readonly<Record<string, unknown>>
type Fields<Word extends string> = Record<Word | `${Word}Id` | 'name', typeof ref> & {
  readonly namespace: typeof namespaceField
}

export interface Kind<Word extends Resource, T extends Called> {
  readonly word: Word
  all(state: MeshState): Iterable<T>
  /** Keys of a request: one of the first three names it. */
  readonly fields: Fields<Word>
  /** As fresh as can be. Throws that it is missing. */
  find(input: Reference, context: OperationContext, signal: AbortSignal): Promise<T>
  /** Its namespace, of what this peer knows. Throws that it is missing. */
  namespaceOf(input: Reference, context: OperationContext): string
  /** What became of it; as it was when it is gone. */
  now(thing: T, context: OperationContext): T
  /** The one with this id, which was called so. Throws that it is missing. */
  made(id: string, name: string, context: OperationContext): T
}

/** `word` is what requests and commands call it. */
export function kind<const Word extends Resource, T extends Called>(
  word: Word,
  { what, all, missing }: Said<T>,
): Kind<Word, T> {
  const one = (input: Reference, { control }: OperationContext): T => {
    const wanted = [input[word], input[`${word}Id`], input['name']].find((name) => name !== undefined)
    if (typeof wanted !== 'string') throw new ClawError('INVALID_REQUEST', { problem: `no ${what} is named` })
    const namespace = input['namespace'] ?? defaultNamespace
    const found = oneOf([...all(control.state)], wanted, namespace)
    if (found === undefined) throw missing(wanted)
    return found
  }
  const byId = (id: string, { control }: OperationContext): T | undefined =>
    [...all(control.state)].find((thing) => thing.id === id)
  return {
    ...{ word, all },
    fields: {
      ...{ [word]: ref.describe(`Name or id of the ${what}`), [`${word}Id`]: ref.describe('The same') },
      ...{ name: ref.describe('The same'), namespace: namespaceField },
    } as Fields<Word>,
    async find(input, context, signal) {
      await refresh(context, signal)
      return one(input, context)
    },
    namespaceOf: (input, context) => one(input, context).namespace,
    now: (thing, context) => byId(thing.id, context) ?? thing,
    made(id, name, context) {
      const found = byId(id, context)
      if (found === undefined) throw missing(name)
      return found
    },
  }
}

/** An id names it wherever it is, and so does the beginning of one. Undefined when nothing fits, or several do. */
function oneOf<T extends Called>(things: readonly T[], wanted: string, namespace: unknown): T | undefined {
  const exact =
    things.find((one) => one.name === wanted && one.namespace === namespace) ?? things.find(({ id }) => id === wanted)
  const like = wanted.length < 8 ? [] : things.filter(({ id }) => id.startsWith(wanted))
  return exact ?? (like.length === 1 ? like[0] : undefined)
}

/** Commands that say nothing but which thing, and why. */
type TellingOf<Word extends string, C = Command> = C extends {
  readonly type: infer Type extends `${string}-${Word}`
  readonly reason?: string
}
  ? Exclude<keyof C, 'type' | 'reason' | Word> extends never
    ? Type
    : never
  : never
type VerbOf<Word extends string> = TellingOf<Word> extends `${infer Verb}-${Word}` ? Verb : never

interface Telling {
  readonly about: string
  /** What the caller has to be allowed. */
  readonly may: Permission['verb']
}

/** How operations come about that tell the mesh one thing of one of a kind: to stop, to go on, to be forgotten. */
export function telling<const Word extends Resource, T extends Called, View extends z.ZodType>(
  of: Kind<Word, T>,
  { output, view }: { readonly output: View; view(thing: T, context: OperationContext): z.input<View> },
) {
  const { word } = of
  const input = z.strictObject({ ...of.fields, reason: reasonField })
  const path = `/api/${word}s/:${word}` as const

  async function told(verb: string, asked: Reference, { context, caller, signal }: Asking): Promise<T> {
    const thing = await of.find(asked, context, signal)
    const { reason } = asked
    // VerbOf has seen to it that there is such a command.
    const command = { type: `${verb}-${word}`, [word]: thing.id, ...(reason !== undefined && { reason }) }
    await carryOut(word, command as unknown as Command, { context, caller, signal })
    return thing
  }

  return {
    tell: <const Verb extends Exclude<VerbOf<Word>, 'delete'>>(verb: Verb, { about, may }: Telling) =>
      unary({
        ...{ name: `${word}.${verb}` as const, about, input, output, namespace: of.namespaceOf },
        permission: { verb: may, resource: word },
        rest: { method: 'POST', path: `${path}/${verb}` },
        handler: async (asked, context, call) =>
          view(of.now(await told(verb, asked, { context, ...call }), context), context),
      }),
    remove: <Gone extends z.ZodType>({ about, gone, viewOfGone }: Removing<T, Gone>) =>
      unary({
        ...{ name: `${word}.delete` as const, about, input, output: gone, namespace: of.namespaceOf },
        permission: { verb: 'stop', resource: word },
        rest: { method: 'DELETE', path },
        async handler(asked, context, call) {
          const thing = await told('delete', asked, { context, ...call })
          const isThere = [...of.all(context.control.state)].some(({ id }) => id === thing.id)
          return viewOfGone(thing, isThere ? 'deleting' : 'deleted')
        },
      }),
  }
}

interface Asking extends Pick<Call, 'caller' | 'signal'> {
  readonly context: OperationContext
}

interface Removing<T, Gone extends z.ZodType> extends Pick<Telling, 'about'> {
  readonly gone: Gone
  viewOfGone(thing: T, state: 'deleted' | 'deleting'): z.input<Gone>
}
