/** Which variables hold what nobody else should see, by their names. */

/** How the names of such variables end, as the source of a pattern. */
export const secretiveEnds = 'KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?'
const secretive = new RegExp(`(${secretiveEnds})$`, 'i')

export const isSecretive = (variable: string): boolean => secretive.test(variable)

/** What people are shown in place of a value. */
export const hiddenValue = '(secret)'
