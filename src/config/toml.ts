/** TOML's reader. What it cannot read it says as a problem with its place, whoever asks. */
import { parse, TomlError } from 'smol-toml'

export class TomlProblem extends Error {
  override readonly name = 'TomlProblem'
  readonly line: number
  readonly column: number

  constructor({ line, column, message }: TomlError) {
    super(message.split('\n')[0] ?? '')
    this.line = line
    this.column = column
  }
}

/** Throws TomlProblem. */
export function readToml(text: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw new TomlProblem(error)
  }
}
