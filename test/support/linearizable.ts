/**
 * Is a history of operations on one thing linearizable? Is there an order, in which each operation takes effect at one moment between its
 * call and its answer, that explains all answers? The search of Wing and Gong, with Lowe's memory of what was tried.
 */

export interface Operation<Input, Output> {
  readonly input: Input
  /** Null when nobody knows what became of it: it may have taken effect at any time after its call, or never. */
  readonly output: Output | null
  readonly calledAt: number
  /** Infinity for one without an answer. */
  readonly answeredAt: number
}

/** What the thing should do. States are compared by their JSON. */
export interface Model<State, Input, Output> {
  readonly initial: State
  /** The state after an operation with that answer, null when that answer cannot be given in this state. With no answer, any will do. */
  step(state: State, input: Input, output: Output | null): State | null
}

export function isLinearizable<State, Input, Output>(
  history: readonly Operation<Input, Output>[],
  { initial, step }: Model<State, Input, Output>,
): boolean {
  const operations = history.toSorted((a, b) => a.calledAt - b.calledAt)
  const tried = new Set<string>()

  /** `done` has one mark for each operation that has taken effect. */
  const search = (done: readonly boolean[], state: State): boolean => {
    const open = operations.flatMap((operation, at) => (done[at] === true ? [] : [{ operation, at }]))
    // What nobody answered need not have happened.
    if (open.every(({ operation }) => operation.output === null)) return true
    const key = JSON.stringify([done.map(Number).join(''), state])
    if (tried.has(key)) return false
    tried.add(key)
    // Whatever was called after another had been answered comes after that one.
    const firstAnswer = Math.min(...open.map(({ operation }) => operation.answeredAt))
    return open.some(({ operation, at }) => {
      if (operation.calledAt > firstAnswer) return false
      const after = step(state, operation.input, operation.output)
      return after !== null && search(done.with(at, true), after)
    })
  }
  return search(
    operations.map(() => false),
    initial,
  )
}
