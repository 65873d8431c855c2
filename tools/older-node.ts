/**
 * What Node 24 has and older ones lack, as far as functions use it. It is bundled with each of them, for whoever loads one by
 * the Node of their own machine, such as a test of theirs; Lambda's has all of it. Without it, every request would end as a
 * dead letter there.
 */
Map.groupBy ??= <Key, Item>(items: Iterable<Item>, keyOf: (item: Item, index: number) => Key): Map<Key, Item[]> => {
  const groups = new Map<Key, Item[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
};

Promise.withResolvers ??= <Value>(): PromiseWithResolvers<Value> => {
  let resolvers: Omit<PromiseWithResolvers<Value>, "promise"> | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    resolvers = { resolve, reject };
  });
  return { promise, ...(resolvers as NonNullable<typeof resolvers>) };
};
