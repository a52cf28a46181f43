/** Tables of nftables that are put in place as a whole, and looked at again: somebody who loads rules of their own may have taken them away, or changed them. */
import { attempt, must, type Tooling } from './commands.ts'

export class Tables {
  /** How each was listed when it had just been put in place. */
  readonly #listed = new Map<string, string>()

  /** `lines`: what is added to the empty table, in the words of `nft`. Throws OVERLAY_FAILED. */
  async put(tooling: Tooling, table: string, lines: readonly string[]): Promise<void> {
    await must(tooling, 'nft', [`add table ${table}`, `flush table ${table}`, ...lines].join('\n'))
    this.#listed.set(table, await list(tooling, table))
  }

  /** As it was put in place by this daemon. */
  async isWhole(tooling: Tooling, table: string): Promise<boolean> {
    const known = this.#listed.get(table)
    return known !== undefined && known === (await list(tooling, table))
  }

  /** Whoever has put it in place. An empty one counts for nothing. */
  async isThere(tooling: Tooling, table: string): Promise<boolean> {
    return (await list(tooling, table)).includes(' hook ')
  }

  /** One that is not there is no error. Throws OVERLAY_FAILED. */
  async remove(tooling: Tooling, table: string): Promise<void> {
    this.#listed.delete(table)
    if ((await list(tooling, table)) === '') return
    await must(tooling, 'nft', `add table ${table}\ndelete table ${table}`)
  }
}

/** Nothing when it is not there. */
const list = async (tooling: Tooling, table: string): Promise<string> =>
  (await attempt(tooling, 'nft', 'list', 'table', ...table.split(' '))).stdout
