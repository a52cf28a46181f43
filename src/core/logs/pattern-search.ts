/**
 * Searches lines for a pattern, byte by byte, by a finite automaton whose states are made when they are first met. Each byte of text costs
 * one look into a table, whatever the pattern; the table is bounded, and begun anew when it is full.
 */
import { ClawError } from '../../model/failure.ts'
import type { Assertion, ByteSet, Node } from './pattern-syntax.ts'
import { hintOf } from './pattern-hint.ts'
import { parsePattern } from './pattern-syntax.ts'

type Step =
  | { readonly type: 'bytes'; readonly set: ByteSet; next: number }
  | { readonly type: 'split'; next: number; other: number }
  | { readonly type: 'assert'; readonly what: Assertion; next: number }
  | { readonly type: 'match' }

const mostSteps = 20_000
const mostStates = 1_024
const newline = 0x0a

/** What a place in the text may be preceded by. */
type Before = 'start' | 'word' | 'other'

interface State {
  /** Steps to go on from, sorted. */
  readonly steps: readonly number[]
  readonly before: Before
}

/** What a table says besides the number of the next state. */
const [unknown, found, ended] = [0, 1, 2]
const firstState = 3

const isWord = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f

export class PatternSearch {
  readonly #program: readonly Step[]
  readonly #table = new Int32Array(mostStates * 256)
  readonly #states: State[] = []
  readonly #numbers = new Map<string, number>()
  #start: number

  /** Finds bytes, read as Latin-1, that every match has; null when the pattern has none of its own. */
  readonly hint: RegExp | null

  /** Throws INVALID_REQUEST for a pattern that cannot be used. */
  constructor(pattern: string) {
    const tree = parsePattern(pattern)
    this.hint = hintOf(tree)
    this.#program = compiled(tree)
    this.#start = this.#numberOf({ steps: [], before: 'start' })
  }

  /** Whether the line whose text starts at `from`, and ends with a newline, matches. */
  matches(text: Uint8Array, from: number): boolean {
    const table = this.#table
    let state = this.#start
    for (let at = from; ; at += 1) {
      const byte = text[at] ?? newline
      let next = table[(state << 8) | byte] ?? unknown
      if (next < firstState) {
        if (next === unknown) next = this.#step(state, byte)
        if (next === found) return true
        if (next === ended) return false
      }
      state = next
    }
  }

  #step(number: number, byte: number): number {
    const state = this.#states[number - firstState]
    if (state === undefined) throw new Error('a search has lost its state')
    const closed = this.#closure(state, byte)
    if (closed === null || byte === newline) {
      const verdict = closed === null ? found : ended
      this.#table[(number << 8) | byte] = verdict
      return verdict
    }
    const steps = new Set<number>()
    for (const at of closed) {
      const step = this.#program[at]
      if (step?.type === 'bytes' && step.set[byte] === 1) steps.add(step.next)
    }
    const before = isWord(byte) ? 'word' : 'other'
    const sizeBefore = this.#states.length
    const next = this.#numberOf({ steps: [...steps].sort((a, b) => a - b), before })
    // When the table was begun anew, this state is not in it.
    if (this.#states.length >= sizeBefore) this.#table[(number << 8) | byte] = next
    return next
  }

  /** All steps that can be reached without a byte, before this one; null when that is a match. */
  #closure({ steps, before }: State, byte: number): ReadonlySet<number> | null {
    const closed = new Set<number>()
    // A match may begin anywhere.
    const open = [0, ...steps]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (closed.has(at)) continue
      closed.add(at)
      const step = this.#program[at]
      if (step?.type === 'match') return null
      if (step?.type === 'split') open.push(step.next, step.other)
      else if (step?.type === 'assert' && holds(step.what, before, byte)) open.push(step.next)
    }
    return closed
  }

  #numberOf(state: State): number {
    const key = `${state.before} ${state.steps.join()}`
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    if (this.#states.length + firstState >= mostStates) this.#beginAnew()
    const number = this.#states.push(state) - 1 + firstState
    this.#numbers.set(key, number)
    return number
  }

  #beginAnew(): void {
    this.#table.fill(unknown)
    this.#states.length = 0
    this.#numbers.clear()
    this.#start = this.#numberOf({ steps: [], before: 'start' })
  }
}

function holds(what: Assertion, before: Before, byte: number): boolean {
  switch (what) {
    case 'start':
      return before === 'start'
    case 'end':
      return byte === newline
    case 'boundary':
      return (before === 'word') !== isWord(byte)
    case 'no-boundary':
      return (before === 'word') === isWord(byte)
  }
}

/** Steps of the tree, in which each knows the next; the first is number 0, the last a match. */
function compiled(tree: Node): readonly Step[] {
  const program: Step[] = []
  let visits = 0
  const add = (step: Step): number => program.push(step) - 1
  const put = (node: Node): void => {
    // Counted here, because even nothing can be repeated a thousand thousand times.
    if ((visits += 1) > mostSteps)
      throw new ClawError('INVALID_REQUEST', { problem: 'the search pattern is too large: use fewer repetitions' })
    switch (node.type) {
      case 'bytes':
        add({ ...node, next: program.length + 1 })
        return
      case 'assert':
        add({ ...node, next: program.length + 1 })
        return
      case 'sequence':
        for (const part of node.parts) put(part)
        return
      case 'choice':
        putChoice(node.options)
        return
      case 'repeat':
        for (let count = 0; count < node.least; count += 1) put(node.part)
        if (node.most === null) putLoop(node.part)
        else putOptional(node.part, node.most - node.least)
        return
    }
  }
  const split = (): Step & { type: 'split' } => {
    const step: Step & { type: 'split' } = { type: 'split', next: program.length + 1, other: -1 }
    add(step)
    return step
  }
  /** Goes on elsewhere; both ways are the same. */
  const jump = (): Step & { type: 'split' } => split()
  const putChoice = (options: readonly Node[]): void => {
    const ends: (Step & { type: 'split' })[] = []
    for (const [i, option] of options.entries()) {
      const fork = i < options.length - 1 ? split() : null
      put(option)
      if (fork === null) continue
      ends.push(jump())
      fork.other = program.length
    }
    for (const end of ends) end.next = end.other = program.length
  }
  const putLoop = (part: Node): void => {
    const at = program.length
    const fork = split()
    put(part)
    const back = jump()
    back.next = back.other = at
    fork.other = program.length
  }
  const putOptional = (part: Node, most: number): void => {
    const forks: (Step & { type: 'split' })[] = []
    for (let count = 0; count < most; count += 1) {
      forks.push(split())
      put(part)
    }
    for (const fork of forks) fork.other = program.length
  }
  put(tree)
  add({ type: 'match' })
  return program
}
