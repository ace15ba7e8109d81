// Telephone numbers as people here read them; the same as `national` in crm/people/showing.py.

/** +66812345678 or 0812345678 as 081 234 5678, +6625077999 as 02 507 7999 (Bangkok), +6634123456 as
    034 123 456 (a province); foreign and short numbers as they are. */
export function national(number) {
  const own = number?.startsWith("+66") ? `0${number.slice(3)}` : number;
  if (!/^0\d{8,9}$/.test(own ?? "")) return number;
  const first = own.startsWith("02") && own.length === 9 ? 2 : 3;
  return `${own.slice(0, first)} ${own.slice(first, first + 3)} ${own.slice(first + 3)}`;
}
