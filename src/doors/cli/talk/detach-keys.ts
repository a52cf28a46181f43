/** The keys that let go of a workload, found in what is typed: they do not reach it. */
import { ClawError } from '../../../model/failure.ts'

export const usualDetachKeys = 'ctrl-p,ctrl-q'

const controls = '@abcdefghijklmnopqrstuvwxyz[\\]^_'

/** Of `ctrl-p,ctrl-q`, `q`, or nothing for none, as `docker attach` takes them. Throws INVALID_REQUEST. */
export function detachKeysIn(text: string): readonly number[] {
  return text === '' ? [] : text.split(',').map(keyIn)
}

function keyIn(key: string): number {
  const control = /^ctrl-(.)$/.exec(key)?.[1]
  const code = control === undefined ? key.charCodeAt(0) : controls.indexOf(control.toLowerCase())
  const isOne = control === undefined ? key.length === 1 && code < 128 : code >= 0
  if (isOne) return code
  const problem = `the detach key “${key.slice(0, 32)}” is neither a character nor ctrl- and one of a-z @ [ \\ ] ^ _`
  throw new ClawError('INVALID_REQUEST', { problem })
}

export class DetachKeys {
  readonly #keys: readonly number[]
  /** How many of them were typed last; they are held back until it is clear that they are not meant. */
  #held = 0

  constructor(keys: readonly number[]) {
    this.#keys = keys
  }

  /** What of it is for the workload, and whether it is to be let go of: what was typed behind the keys is for nobody. */
  push(typed: Uint8Array): { readonly data: Uint8Array; readonly isOver: boolean } {
    const [first] = this.#keys
    if (first === undefined || (this.#held === 0 && !typed.includes(first))) return { data: typed, isOver: false }
    const data: number[] = []
    for (const byte of typed) {
      if (byte !== this.#keys[this.#held]) {
        data.push(...this.#keys.slice(0, this.#held))
        this.#held = 0
      }
      if (byte === this.#keys[this.#held]) this.#held += 1
      else data.push(byte)
      if (this.#held === this.#keys.length) return { data: Uint8Array.from(data), isOver: true }
    }
    return { data: Uint8Array.from(data), isOver: false }
  }
}
