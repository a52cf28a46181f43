/** Meshes and deployments for tests of who may have more than a container. */
import type { State } from '../../src/core/state/state.ts'
import type { CommandOf } from '../../src/core/state/types.ts'
import { admit, ada, bob, Book, found, inventory, newMember, spec, token } from './control-samples.ts'
import { create, web } from './deployment-samples.ts'

/** One whose nodes all have an engine, and one of which a node runs plain processes. */
export function twoMeshes(): { readonly book: Book; readonly ordinary: State; readonly bare: State } {
  const books = [new Book(), new Book()] as const
  for (const book of books) {
    for (const command of [found(), token('t'), admit('t', newMember(bob))]) book.run(command)
    book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 1) })
  }
  const [book, other] = books
  other.run({ type: 'report-inventory', node: bob, inventory: { ...inventory(bob, 1), executors: ['process'] } })
  return { book, ordinary: book.state, bare: other.state }
}

/** Has the mesh roll out ordinary work in the place of privileged work. The command goes back to that. */
export function withRevisions(book: Book): CommandOf<'rollback-deployment'> {
  const privileged = { ...create(), spec: spec({ image: 'app:1', privileges: ['privileged'] }) }
  book.run(privileged)
  const done = { state: 'active', stable: 1, rollout: null, traffic: [{ revision: 1, weight: 100 }] } as const
  book.run({ type: 'set-rollout', deployment: web, step: book.state.deployments.get(web)?.step ?? 0, ...done })
  book.run({ type: 'update-deployment', deployment: web, spec: spec({ image: 'app:2' }) })
  return { type: 'rollback-deployment', deployment: web }
}
