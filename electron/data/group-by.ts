/** Members by key, keys and members in the order they come. (Map.groupBy is not in every Node this runs on.) */
export function groupBy<Item, Key, Member>(items: Iterable<Item>, keyOf: (item: Item) => Key, memberOf: (item: Item) => Member): Map<Key, Member[]> {
  const groups = new Map<Key, Member[]>();
  for (const item of items) {
    const key = keyOf(item);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [memberOf(item)]);
    else members.push(memberOf(item));
  }
  return groups;
}
