/** A command that lists: what every list can do, so that a list says only where its rows come from. */
import type { Arguments, Command, OptionSpec, PositionalSpec, Session } from '../line/command.ts'
import { command } from '../line/command.ts'
import { live } from './live.ts'
import type { Selection } from './selection.ts'
import { selected } from './selection.ts'
import type { Column } from './table.ts'
import { watch } from './watch.ts'

export const listOptions = {
  filter: { kind: 'list', value: 'CONDITION', about: 'Only rows for which this holds: state=running, gpu.util>90' },
  selector: { kind: 'list', short: 'l', value: 'LABELS', about: 'Only rows with these labels: app=db,tier!=test' },
  'sort-by': { kind: 'text', value: 'FIELD', about: 'In the order of this field; FIELD:desc for the greatest first' },
  watch: { kind: 'flag', short: 'w', about: 'Go on: a line for each row that changes' },
  live: { kind: 'flag', about: 'Go on: draw the list again as it changes, until Ctrl-C' },
} as const satisfies Readonly<Record<string, OptionSpec>>

type ListArguments = Arguments<Record<never, PositionalSpec>, typeof listOptions>

export interface List<P extends Positionals, O extends Options, Row> extends Omit<
  Command<P, O>,
  'run' | 'options' | 'positionals'
> {
  readonly positionals: P
  readonly options: O
  /** The same for all, or as the arguments ask for. */
  readonly columns: readonly Column<Row>[] | ((args: Arguments<P, O>) => readonly Column<Row>[])
  /** Tells rows apart from one look to the next. */
  readonly key: (row: Row) => string
  rows(args: Arguments<P, O>, session: Session): Promise<readonly Row[]>
}

type Positionals = Readonly<Record<string, PositionalSpec>>
type Options = Readonly<Record<string, OptionSpec>>

/** The command. Its own options come before those of every list. */
export function listCommand<const P extends Positionals, const O extends Options, Row>({
  columns: columnsFor,
  key,
  rows,
  ...described
}: List<P, O, Row>): Command<P, O & typeof listOptions> {
  return command({
    ...described,
    options: { ...described.options, ...listOptions },
    async run(args, session) {
      const own = args as unknown as Arguments<P, O>
      const columns = typeof columnsFor === 'function' ? columnsFor(own) : columnsFor
      const look = async (): Promise<readonly Row[]> =>
        selected(await rows(own, session), selectionOf(args as unknown as ListArguments))
      const list = { look, columns, key }
      const { watch: isWatched, live: isLive } = args as unknown as ListArguments
      if (isLive) return live(list, session)
      if (isWatched) return watch(list, session)
      await session.out.result(await look(), (found, style) => style.table(found, columns))
      return undefined
    },
  })
}

const selectionOf = ({ filter, selector, 'sort-by': sortBy }: ListArguments): Selection => ({
  filters: filter,
  labels: selector,
  sortBy,
})
