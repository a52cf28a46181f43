/** The processes of a container, by the ids that the engine's host gives them. */
import type { Container } from 'dockerode'
import { statusOf } from './engine-failure.ts'

/** Null for a container that has just stopped. */
export async function processesIn(container: Container): Promise<readonly number[] | null> {
  try {
    const { Titles, Processes } = (await container.top({ ps_args: '-eo pid' })) as Top
    const column = Titles.indexOf('PID')
    return Processes.map((row) => Number(row[column])).filter((pid) => Number.isInteger(pid) && pid > 0)
  } catch (error) {
    if (statusOf(error) === 409 || statusOf(error) === 404) return null
    throw error
  }
}

interface Top {
  readonly Titles: readonly string[]
  readonly Processes: readonly (readonly string[])[]
}
