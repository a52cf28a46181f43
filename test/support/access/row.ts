/** How a row of the matrix is written. */

/**
 * `self`: everybody, whoever they are. `mesh`: only with a role everywhere. `namespace`: with a role there or everywhere. `list`: with a role
 * in some namespace; what it shows is another test. `nobody`: nobody but the socket of the host itself.
 */
type Scope = 'self' | 'mesh' | 'namespace' | 'list' | 'nobody'

export interface Row {
  readonly scope: Scope
  /** Letters of the roles that may. */
  readonly may: string
  /** Of a call that touches team-a, or team-b. */
  input(team: 'a' | 'b'): object
}

export const row = (scope: Scope, may: string, input: Row['input'] = () => ({})): Row => ({ scope, may, input })

export const all = 'voaum'
export const look = row('mesh', all)
