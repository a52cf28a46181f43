/** A command of the CLI as data: what it takes, what it says of itself, and the few lines that it does. */
import type { Api } from '../peer/api.ts'
import type { Host } from '../host.ts'
import type { Output } from '../show/output.ts'
import type { Row } from './row.ts'

interface Described {
  readonly about: string
  readonly short?: string
}

export type OptionSpec =
  | (Described & { readonly kind: 'flag' })
  | (Described & { readonly kind: 'text'; readonly value: string; readonly choices?: readonly string[] })
  | (Described & { readonly kind: 'list'; readonly value: string })
  /** `bare` is what the option means when no number follows it. */
  | (Described & { readonly kind: 'number'; readonly value: string; readonly bare?: number })

export interface PositionalSpec {
  readonly about: string
  readonly optional?: true
  /** Takes all that follows. */
  readonly rest?: true
  /** What completion offers. */
  readonly completes?: 'node' | 'workload' | 'shell' | 'context' | 'subject'
}

type OptionValue<Spec extends OptionSpec> = Spec['kind'] extends 'flag'
  ? boolean
  : Spec['kind'] extends 'list'
    ? readonly string[]
    : Spec['kind'] extends 'number'
      ? number | undefined
      : string | undefined

type PositionalValue<Spec extends PositionalSpec> = Spec extends { readonly rest: true }
  ? readonly string[]
  : Spec extends { readonly optional: true }
    ? string | undefined
    : string

type Positionals = Readonly<Record<string, PositionalSpec>>
type Options = Readonly<Record<string, OptionSpec>>

export type Arguments<P extends Positionals, O extends Options> = {
  readonly [Name in keyof P]: PositionalValue<P[Name]>
} & { readonly [Name in keyof O]: OptionValue<O[Name]> }

export interface Peer {
  readonly address: string
  /** What is shown there to get in, in words; null for nothing. */
  readonly access: string | null
  open(): Promise<Api>
}

export interface Session {
  /** The peer that commands talk to. Connects when it is first asked for. */
  api(): Promise<Api>
  /** The context that commands are about; null for a peer that is named, or is the one of this host. */
  contextInUse(): Promise<string | null>
  /** Each peer that could be meant, for whoever looks at all of them. */
  peers(): Promise<readonly Peer[]>
  readonly out: Output
  /** Ends on Ctrl-C. */
  readonly signal: AbortSignal
  readonly host: Host
  /** The context that was asked for by --context. */
  readonly contextName: string | undefined
  /** Every command there is, for those that speak of commands. */
  readonly commands: readonly Row[]
}

export interface Command<P extends Positionals = Positionals, O extends Options = Options> {
  readonly name: string
  readonly about: string
  /** Longer explanation, below the first line of the help. */
  readonly details?: string
  readonly positionals: P
  readonly options: O
  /** Without the program's name. At least two. */
  readonly examples: readonly string[]
  /** Returns the exit code; nothing means 0. */
  run(args: Arguments<P, O>, session: Session): Promise<number | undefined>
}

/** Keeps the types of what a command takes. */
export const command = <const P extends Positionals, const O extends Options>(
  definition: Command<P, O>,
): Command<P, O> => definition

/** A command whose types have been forgotten, as the parser and the documentation see it. */
export type AnyCommand = Omit<Command, 'run'> & {
  run(args: Readonly<Record<string, unknown>>, session: Session): Promise<number | undefined>
}
