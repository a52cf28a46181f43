/** Turns the command line into a command and its arguments. The only file that knows commander. */
import { Command as Parser, CommanderError, InvalidArgumentError, Option } from 'commander'
import { ClawError } from '../../../model/failure.ts'
import type { AnyCommand, OptionSpec, PositionalSpec } from './command.ts'
import type { Globals } from './globals.ts'
import { formatAlias, globalOptions, globalsFrom } from './globals.ts'
import { loadCommand, rowFor } from './find-row.ts'
import { commands, nouns } from './registry.ts'
import type { Row } from './row.ts'
import { pathsOf } from './row.ts'
import { meant } from './unknown-word.ts'

export type Parsed =
  | {
      readonly kind: 'run'
      readonly command: AnyCommand
      readonly args: Readonly<Record<string, unknown>>
      readonly globals: Globals
    }
  /** Help or version was shown. */
  | { readonly kind: 'shown'; readonly exitCode: number }

interface Printer {
  readonly version: string
  print(text: string): void
}

const program = 'clawbernetes'

/** Throws INVALID_REQUEST for a command line that makes no sense. */
export async function parse(words: readonly string[], printer: Printer): Promise<Parsed> {
  const argv = helpLast(words)
  const row = rowFor(argv, commands)
  const picked = row === null ? null : await loadCommand(row)
  let found: Parsed | null = null
  const root = rootParser(printer)
  const groups = new Map<string, Parser>()
  for (const each of commands)
    for (const path of pathsOf(each)) {
      const parser = childOf(root, groups, { path, row: each })
      if (each === row && picked !== null) {
        define(parser, picked)
        parser.action(() => {
          const args = argumentsOf(parser, picked, argv)
          found = {
            kind: 'run',
            command: picked,
            args,
            globals: globalsFrom(root.opts(), globalValuesOf(parser, picked)),
          }
        })
      }
    }
  try {
    root.parse(picked === null ? argv : withBareNumbers(argv, picked), { from: 'user' })
  } catch (error) {
    return shownOr(error, argv)
  }
  if (found === null) throw new ClawError('INVALID_REQUEST', { problem: 'say what to do; see --help' })
  return found
}

function shownOr(error: unknown, argv: readonly string[]): Parsed {
  if (!(error instanceof CommanderError)) throw error
  if (error.exitCode === 0) return { kind: 'shown', exitCode: 0 }
  if (error.code === 'commander.help') return { kind: 'shown', exitCode: 5 }
  const problem = error.message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '')
  const isUnknown = ['commander.unknownCommand', 'commander.excessArguments'].includes(error.code)
  const unknown = /unknown command '(.*?)'/.exec(problem)?.[1] ?? null
  const guess = isUnknown ? meant(unknown, argv, commands.flatMap(pathsOf)) : null
  throw new ClawError('INVALID_REQUEST', { problem: withGuess(problem, guess) }, { cause: error })
}

/** The parser's own guess knows only words that look alike. */
const withGuess = (problem: string, guess: string | null): string =>
  guess === null ? problem : `${problem.replace(/ \(Did you mean .*\)$/, '')} (${guess})`

function rootParser({ version, print }: Printer): Parser {
  const root = new Parser(program)
    .description('Run GPU work on a mesh of hosts, from any of them.')
    .version(version, '-V, --version', 'Show the version of this CLI')
    .helpOption('-h, --help', 'Show help')
    .helpCommand('help [command]', 'Show help of a command')
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .configureOutput({ writeOut: print, writeErr: print, outputError: () => {} })
    .exitOverride()
    .addHelpText('after', `\nExamples:\n  ${program} status\n  ${program} run --gpus 1 IMAGE -- COMMAND\n`)
  for (const [name, spec] of Object.entries(globalOptions)) root.addOption(optionOf(name, spec))
  return root.addOption(new Option('-f, --format <FORMAT>', formatAlias.about).hideHelp())
}

function childOf(root: Parser, groups: Map<string, Parser>, { path, row }: { path: string; row: Row }): Parser {
  const words = path.split(' ')
  const isHidden = row.hidden === true || path !== row.path
  if (words.length === 1) {
    // A word may be a command and have commands below it: `deploy --spec`, `deploy status`.
    const alone = groups.get(path) ?? root.command(path, { hidden: isHidden })
    groups.set(path, alone)
    return alone.description(row.about)
  }
  const group = words.slice(0, -1).reduce((above, _, at) => groupBelow(above, groups, words.slice(0, at + 1)), root)
  return group.command(words.at(-1) ?? '', { hidden: isHidden }).description(row.about)
}

/** The group of that path, made when it is not there yet. */
function groupBelow(above: Parser, groups: Map<string, Parser>, words: readonly string[]): Parser {
  const path = words.join(' ')
  const known = groups.get(path)
  if (known !== undefined) return known
  const group = above
    .command(words.at(-1) ?? '')
    .description(nouns[path] ?? '')
    .helpCommand(false)
  groups.set(path, group)
  return group
}

function define(parser: Parser, { about, details, positionals, options, examples }: AnyCommand): void {
  parser.description(details === undefined ? about : `${about}\n\n${details}`)
  for (const [name, spec] of Object.entries(positionals)) parser.argument(placeholder(name, spec), spec.about)
  const shorts = Object.values(options).map(({ short }) => short)
  for (const [name, spec] of Object.entries(options)) parser.addOption(optionOf(name, spec))
  for (const [name, spec] of Object.entries(globalOptions)) {
    if (name in options) continue
    const isShadowed = 'short' in spec && shorts.includes(spec.short)
    parser.addOption(optionOf(name, isShadowed ? { ...spec, short: undefined } : spec))
  }
  if (!('format' in options)) parser.addOption(new Option('--format <FORMAT>', formatAlias.about).hideHelp())
  parser.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${program} ${line}`).join('\n')}\n`)
}

const placeholder = (name: string, { optional, rest }: PositionalSpec): string => {
  const shown = rest === true ? `${name}...` : name
  return optional === true ? `[${shown}]` : `<${shown}>`
}

interface LooseSpec {
  readonly kind: OptionSpec['kind']
  readonly about: string
  readonly short?: string | undefined
  readonly value?: string
  readonly choices?: readonly string[]
}

function optionOf(name: string, spec: LooseSpec): Option {
  const { kind, short, about, value, choices } = spec
  const taken = value === undefined ? '' : ` <${value}>`
  const option = new Option(`${short === undefined ? '' : `-${short}, `}--${name}${taken}`, about)
  if (kind === 'list') return option.argParser<readonly string[]>((one, before) => [...(before ?? []), one])
  if (kind === 'number') return option.argParser(numberOf)
  return choices === undefined ? option : option.choices(choices)
}

function numberOf(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It is not a number.')
  return Number(text)
}

/** An option of the command's own hides the global one of its name, which then stands before the command. */
function globalValuesOf(parser: Parser, { options }: AnyCommand): Readonly<Record<string, unknown>> {
  const values = parser.opts<Record<string, unknown>>()
  const isOwn = (key: string): boolean =>
    parser.options.some((one) => one.attributeName() === key && one.name() in options)
  return Object.fromEntries(Object.entries(values).filter(([key]) => !isOwn(key)))
}

function argumentsOf(
  parser: Parser,
  { positionals, options }: AnyCommand,
  argv: readonly string[],
): Readonly<Record<string, unknown>> {
  const values = behindDashes(parser.args, Object.values(positionals), argv) ?? (parser.processedArgs as unknown[])
  const named = Object.keys(positionals).map((name, index) => [name, values[index]] as const)
  const given = parser.options.filter((option) => option.long !== undefined && option.long.slice(2) in options)
  const read = given.map((option) => {
    const name = (option.long ?? '').slice(2)
    const value: unknown = parser.getOptionValue(option.attributeName())
    // The parser keeps --no-wait as wait: false.
    return [name, option.negate ? value === false : (value ?? empty(options[name]))] as const
  })
  return Object.fromEntries([...named, ...read])
}

/** What stands behind `--` is the command, also where the optional words before it were left out; null where that changes nothing. */
function behindDashes(
  words: readonly string[],
  specs: readonly PositionalSpec[],
  argv: readonly string[],
): readonly unknown[] | null {
  const dashes = argv.indexOf('--')
  const before = words.length - (dashes < 0 ? 0 : argv.length - dashes - 1)
  const leading = specs.length - 1
  const isShifted = specs.at(-1)?.rest === true && before < leading && before < words.length
  if (!isShifted || specs.slice(before, leading).some(({ optional }) => optional !== true)) return null
  return [...Array.from({ length: leading }, (_, at) => (at < before ? words[at] : undefined)), words.slice(before)]
}

const empty = (spec: OptionSpec | undefined): unknown =>
  spec?.kind === 'flag' ? false : spec?.kind === 'list' ? [] : undefined

/** `help node list` is `node list --help`. */
const helpLast = ([first, ...rest]: readonly string[]): readonly string[] =>
  first === 'help' ? [...rest, '--help'] : first === undefined ? [] : [first, ...rest]

/** `--tail WORKLOAD` is `--tail=100 WORKLOAD`: a number option with a bare meaning takes only numbers. */
const withBareNumbers = (argv: readonly string[], { options }: AnyCommand): readonly string[] =>
  argv.map((word, index) => {
    const bare = bareAt(argv, index, options)
    return bare === undefined ? word : `${word}=${bare}`
  })

/** What the option at this place means when no number follows it; undefined where one does, and for everything else. */
function bareAt(argv: readonly string[], index: number, options: AnyCommand['options']): number | undefined {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const word = argv[index] ?? ''
  const spec = options[word.replace(/^--/, '')]
  if (index >= end || !word.startsWith('--') || spec?.kind !== 'number') return undefined
  const isNumber = index + 1 < end && /^[-+]?\d+(\.\d+)?$/.test(argv[index + 1] ?? '')
  return isNumber ? undefined : spec.bare
}
