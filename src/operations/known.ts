/** Operations by name. */
import { closest } from '../lib/closest.ts'
import { ClawError } from '../model/failure.ts'
import type { Operation } from './operation.ts'
import { operations } from './registry.ts'

/** All of them, by name. */
export const everything: ReadonlyMap<string, Operation> = new Map(
  operations.map((operation) => [operation.name, operation]),
)

/** Throws OPERATION_NOT_FOUND, with what was probably meant. */
export function findOperation(name: string, known: ReadonlyMap<string, Operation> = everything): Operation {
  const operation = known.get(name)
  if (operation !== undefined) return operation
  const near = closest(name, [...known.keys()])
  throw new ClawError('OPERATION_NOT_FOUND', {
    operation: `${name.slice(0, 64)}${near === null ? '' : `; did you mean ${near}?`}`,
  })
}
