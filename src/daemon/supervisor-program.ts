/** Where the program is that looks after one task of the process executor: beside the bundled daemon, or in the tree. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The daemon's code may be in a piece of the bundle one folder below the programs. */
const places = ['./supervise.js', '../supervise.js', '../bin/supervise.ts']

export function supervisorProgram(): string {
  const candidates = places.map((place) => fileURLToPath(new URL(place, import.meta.url)))
  const found = candidates.find((candidate) => existsSync(candidate))
  if (found === undefined) throw new Error(`supervise.js is not there: looked for ${candidates.join(', ')}`)
  return found
}
