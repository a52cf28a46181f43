/** In which order documents are submitted: each after those that it needs, otherwise as the file has them. */
import type { SpecDocument } from './document.ts'
import { SpecProblem } from './problem.ts'

/** Throws SpecProblem when some of them wait for each other. */
export function ordered(documents: readonly SpecDocument[]): readonly SpecDocument[] {
  const done = new Set<string>()
  const result: SpecDocument[] = []
  let waiting = [...documents]
  while (waiting.length > 0) {
    const names = new Set(waiting.flatMap(({ request }) => request.name ?? []))
    const ready = waiting.filter(({ needs }) => needs.every(({ on }) => done.has(on) || !names.has(on)))
    const [first] = waiting
    if (ready.length === 0 && first !== undefined) throw circle(first, waiting)
    result.push(...ready)
    for (const { request } of ready) if (request.name !== undefined) done.add(request.name)
    waiting = waiting.filter((document) => !ready.includes(document))
  }
  return result
}

/** Follows what waits for what until a name comes again. */
function circle(first: SpecDocument, waiting: readonly SpecDocument[]): SpecProblem {
  const path: SpecDocument[] = []
  let next: SpecDocument | undefined = first
  while (next !== undefined && !path.includes(next)) {
    path.push(next)
    const needed: readonly string[] = next.needs.map(({ on }) => on)
    next = waiting.find(({ request }) => request.name !== undefined && needed.includes(request.name))
  }
  const round = path.slice(next === undefined ? 0 : path.indexOf(next)).map(({ request }) => request.name ?? '')
  const at = (next ?? first).needs[0]?.at ?? first.at
  return new SpecProblem({ at, text: `they wait for each other: ${[...round, round[0] ?? ''].join(' → ')}` })
}
