/**
 * What a simulated task does. Enough of a shell is understood for small scripts: `echo`, `sleep`, `exit`, `true`, `false`, `trap`, `cat` of a
 * file that the task was given, and `repeat TEXT COUNT`, with quotes, `$NAME` and `>&2`; other programs take a while and say nothing. Statements run one after the other,
 * whatever stands between them.
 */
import type { Millis } from '../../model/time.ts'
import type { TaskFile } from '../../ports/executor.ts'

export type Step =
  | { readonly type: 'print'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'wait'; readonly span: Millis }
  | { readonly type: 'exit'; readonly code: number }
  /** What these signals do from here on, by their names without SIG. */
  | { readonly type: 'trap'; readonly signals: readonly string[]; readonly then: Trap }

export type Trap = 'default' | 'ignore' | readonly Step[]

export interface SimulatedProgram {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Files that it was given. */
  readonly files?: readonly Pick<TaskFile, 'path' | 'data'>[]
}

const defaultSpan: Millis = 1_000
const maxSteps = 10_000

/** `CLAW_SIM_SECONDS`, `CLAW_SIM_OUTPUT` and `CLAW_SIM_EXIT` in the environment say what happens, whatever the command is. */
export function stepsOf({ command, env, files = [] }: SimulatedProgram): readonly Step[] {
  const span = seconds(env['CLAW_SIM_SECONDS']) ?? defaultSpan
  const isScripted = Object.keys(env).some((name) => /^CLAW_SIM_(SECONDS|OUTPUT|EXIT)$/.test(name))
  if (isScripted || command.length === 0) return scripted(env, span)
  const [program = '', flag = '', script] = command
  const isShell = /(^|\/)(ba|da|z|a)?sh$/.test(program) && /^-[a-z]*c$/.test(flag) && script !== undefined
  const statements = isShell ? statementsIn(script, env) : [{ words: [...command], stream: 'stdout' as const }]
  return statements.flatMap((statement) => stepsOfStatement(statement, { env, files })).slice(0, maxSteps)
}

function scripted(env: SimulatedProgram['env'], span: Millis): readonly Step[] {
  const output = env['CLAW_SIM_OUTPUT']
  const lines = output === undefined ? [] : output.split('\n')
  return [
    ...lines.map((text): Step => ({ type: 'print', stream: 'stdout', text })),
    { type: 'wait', span },
    { type: 'exit', code: exitCode(env['CLAW_SIM_EXIT']) },
  ]
}

interface Statement {
  readonly words: readonly string[]
  readonly stream: 'stdout' | 'stderr'
}

type Around = Required<Pick<SimulatedProgram, 'env' | 'files'>>

function stepsOfStatement({ words, stream }: Statement, around: Around): readonly Step[] {
  const [program = '', ...args] = words
  const print = (text: string): Step[] => text.split('\n').map((line) => ({ type: 'print', stream, text: line }))
  switch (program.slice(program.lastIndexOf('/') + 1)) {
    case 'echo':
      return print(args.join(' '))
    case 'cat':
      return catOf(args[0] ?? '', around, print)
    case 'repeat':
      return print((args[0] ?? '').repeat(Math.min(Number(args[1] ?? 1) || 0, 1_048_576)))
    case 'sleep':
      return [{ type: 'wait', span: seconds(args[0]) ?? defaultSpan }]
    case 'exit':
      return [{ type: 'exit', code: exitCode(args[0]) }]
    case 'exec':
      return stepsOfStatement({ words: args, stream }, around)
    case 'false':
      return [{ type: 'exit', code: 1 }]
    case 'trap':
      return [{ type: 'trap', signals: args.slice(1).map(signalName), then: trapped(args[0] ?? '', around) }]
    case '':
    case 'true':
    case 'wait':
    case 'set':
      return []
    default:
      return [{ type: 'wait', span: defaultSpan }]
  }
}

/** Of a path that was given; of one that was not it fails. One that reads its input is like any other program. */
function catOf(path: string, { files }: Around, print: (text: string) => Step[]): readonly Step[] {
  if (!path.startsWith('/')) return [{ type: 'wait', span: defaultSpan }]
  const file = files.find((each) => each.path === path)
  return file === undefined ? [{ type: 'exit', code: 1 }] : print(new TextDecoder().decode(file.data))
}

const signalName = (name: string): string => name.replace(/^SIG/, '')

function trapped(action: string, around: Around): Trap {
  if (action === '') return 'ignore'
  if (action === '-') return 'default'
  return statementsIn(action, around.env).flatMap((statement) => stepsOfStatement(statement, around))
}

/** Splits a script at line ends, `;`, `&` and `&&`, and its statements into words, as a shell would with simple ones. */
function statementsIn(script: string, env: SimulatedProgram['env']): readonly Statement[] {
  const statements: Statement[] = []
  let words: string[] = []
  let word: string | null = null
  let stream: Statement['stream'] = 'stdout'
  const endWord = (): void => {
    if (word !== null) words.push(word)
    word = null
  }
  for (const [piece, single, double, escaped, redirect] of script.matchAll(pieces)) {
    if (single !== undefined) word = (word ?? '') + single
    else if (double !== undefined) word = (word ?? '') + expand(double.replace(/\\(["\\$`])/g, '$1'), env)
    else if (escaped !== undefined) word = (word ?? '') + escaped
    else if (redirect !== undefined) stream = redirect === '2' ? 'stderr' : stream
    else if (/^[ \t]+$/.test(piece)) endWord()
    else if (/^[;&\n]+$/.test(piece)) {
      endWord()
      statements.push({ words, stream })
      words = []
      stream = 'stdout'
    } else word = (word ?? '') + expand(piece, env)
  }
  endWord()
  return [...statements, { words, stream }]
}

const pieces = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|1?>&([12])|[ \t]+|[;&\n]+|[^\s'"\\;&>]+|[\s\S]/g

const expand = (text: string, env: SimulatedProgram['env']): string =>
  text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => env[braced ?? bare ?? ''] ?? '')

function seconds(text: string | undefined): Millis | null {
  const number = text === undefined || text.trim() === '' ? NaN : Number(text)
  return Number.isFinite(number) && number >= 0 ? Math.round(Math.min(number, 1e9) * 1_000) : null
}

const exitCode = (text: string | undefined): number => {
  const number = Number(text ?? 0)
  return Number.isInteger(number) && number >= 0 && number <= 255 ? number : 1
}
