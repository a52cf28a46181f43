/**
 * Eras: consensus begun anew by an operator, because most voters are lost or because the state is to be another one. The era is the high
 * part of every term. So whatever is said in a later era outranks all that an earlier one can say, by the rules for terms that there are.
 */

/** Far more than elections can use up, and few enough for two million eras. */
export const termsOfAnEra = 2 ** 32

/** The log of an era begins at an index that no log of an earlier one has reached, so that no index ever means two things. */
export const entriesOfAnEra = 2 ** 32

export const eraOf = (term: number): number => Math.floor(term / termsOfAnEra)
