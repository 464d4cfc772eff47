"""Bugs in the stores of the clouds."""

from __future__ import annotations

from tests.programs.bugs.mutation import Mutation

HOT_STORES = "tests/conformance/test_hot_store.py"
OBJECTS = "tests/conformance/test_object_store.py"
JOURNALS = "tests/conformance/test_journal_store.py"
COSMOS = "tests/integration/azure/cosmos"
CREATES = "tests/unit/clouds/aws/data/test_creates.py"
REPLACEMENT = "tests/unit/clouds/aws/data/test_replacement.py"
DELETES = "tests/unit/clouds/aws/data/test_deletes.py"
UNTOUCHED = "tests/unit/clouds/aws/data/test_untouched.py"
STATEMENTS = "tests/unit/clouds/aws/data/test_statements.py"
REWRITES = "tests/faults/test_rewrites.py"

STORES = (
    Mutation(
        "the journal's store does not compare versions",
        "l3kit/clouds/aws/data/journal_store.py",
        '"attribute_not_exists(#n)" if row.version == 1 else "#v = :old"',
        '"attribute_not_exists(#n)" if row.version == 1 else "#v <> :old OR #v = :old"',
        (JOURNALS,),
    ),
    Mutation(
        "a delete does not compare all that it could",
        "l3kit/clouds/aws/data/statements.py",
        "compared = tuple(name for name in names if name in chosen)",
        "compared = tuple(name for name in names if name in KEYS)",
        (STATEMENTS,),
    ),
    Mutation(
        "what a condition left out is not compared with the old item",
        "l3kit/clouds/aws/data/deletes.py",
        "return to_chunk_json(old) == chunk_json",
        "return True",
        (DELETES,),
    ),
    Mutation(
        "a deleted item passes for the one that was read, whatever it holds",
        "l3kit/clouds/aws/data/untouched.py",
        "        if crc32(answer[begin:end]) != one & _CRC:",
        "        if begin < 0:",
        (UNTOUCHED,),
    ),
    Mutation(
        "a delete whose answer was lost is repeated blindly",
        "l3kit/clouds/aws/data/deletes.py",
        'answer = await self._table.send_once("BatchExecuteStatement", ',
        'answer = await self._table.send("BatchExecuteStatement", ',
        (DELETES, REWRITES),
    ),
    Mutation(
        "throttled deletes are forgotten",
        "l3kit/clouds/aws/data/deletes.py",
        "        outcome.left.append(key)\n        if error",
        "        if error",
        (DELETES,),
    ),
    Mutation(
        "an item that got more attributes is not put back",
        "l3kit/clouds/aws/data/deletes.py",
        "        if outcome.put_back:",
        "        if False:",
        (DELETES,),
    ),
    Mutation(
        "an object is created over another",
        "l3kit/clouds/aws/data/object_store.py",
        '            "if-none-match": "*",\n            "x-amz-checksum-sha256"',
        '            "x-amz-checksum-sha256"',
        (OBJECTS,),
    ),
    Mutation(
        "a copy's content is not compared",
        "l3kit/tiering/object_writes.py",
        "    if there.size != info.size or not (there.sha256 == digest if digest else alike(there)):\n",
        "    if False:\n",
        (OBJECTS,),
    ),
    Mutation(
        "the mover reads eventually consistent",
        "l3kit/clouds/aws/data/hot_store.py",
        '            "ConsistentRead": True,\n        }\n        if after',
        '            "ConsistentRead": False,\n        }\n        if after',
        ("tests/integration/aws/test_consistent_reads.py",),
    ),
    Mutation(
        "Cosmos DB: items are deleted whatever they have become",
        "l3kit/clouds/azure/data/hot_store.py",
        '("delete", (key,), {"if_match_etag": etag})',
        '("delete", (key,))',
        (HOT_STORES,),
    ),
    Mutation(
        "Cosmos DB: a delete whose answer was lost is repeated blindly",
        "l3kit/clouds/azure/data/hot_store.py",
        '"batch_delete", "write", batch_call(device_id, operations), once=True',
        '"batch_delete", "write", batch_call(device_id, operations)',
        (COSMOS,),
    ),
    Mutation(
        "Cosmos DB: the journal does not compare versions",
        "l3kit/clouds/azure/data/journal_store.py",
        "id_, document, etag=etag, match_condition=_if_not_modified(), no_response=True",
        "id_, document, no_response=True",
        (JOURNALS,),
    ),
    Mutation(
        "Cosmos DB: an answer that is more than a page is cut without saying so",
        "l3kit/clouds/azure/data/hot_store.py",
        "next_after = page.last if more or page.cut else None",
        "next_after = page.last if more else None",
        (HOT_STORES, COSMOS),
    ),
    Mutation(
        "Firestore: items are deleted whatever they have become",
        "l3kit/clouds/gcp/data/item_writes.py",
        "            write.current_document.update_time.FromNanoseconds(update_time)\n",
        "",
        (HOT_STORES,),
    ),
    Mutation(
        "Firestore: what a batch did not delete is forgotten",
        "l3kit/clouds/gcp/data/hot_store.py",
        "return [key for (key, _), code in zip(batch, codes, strict=True) if code not in _GONE]",
        "return []",
        (HOT_STORES,),
    ),
    Mutation(
        "Firestore: the journal does not compare versions",
        "l3kit/clouds/gcp/data/journal_store.py",
        "            write.current_document.update_time.CopyFrom(update_time)\n",
        "",
        (JOURNALS,),
    ),
    Mutation(
        "Blob Storage: a blob is created over another",
        "l3kit/clouds/azure/data/object_store.py",
        "length=len(body), overwrite=False",
        "length=len(body), overwrite=True",
        (OBJECTS,),
    ),
    Mutation(
        "Blob Storage: a copy takes whatever the source has become",
        "l3kit/clouds/azure/data/object_store.py",
        "                source_etag=f'\"{info.etag}\"',\n"
        "                source_match_condition=MatchConditions.IfNotModified,\n",
        "",
        (OBJECTS,),
    ),
    Mutation(
        "Cloud Storage: an object is created over another",
        "l3kit/clouds/gcp/data/object_store.py",
        'content_type="application/json", if_generation_match=0, checksum="crc32c"',
        'content_type="application/json", checksum="crc32c"',
        (OBJECTS,),
    ),
    Mutation(
        "Cloud Storage: a copy takes the place of other content",
        "l3kit/clouds/gcp/data/object_store.py",
        "                    if_generation_match=0,\n",
        "",
        (OBJECTS,),
    ),
    Mutation(
        "Cloud Storage: an object is deleted whatever it has become",
        "l3kit/clouds/gcp/data/object_store.py",
        "lambda: blob.delete(if_generation_match=generation, **self._once)",
        "lambda: blob.delete(**self._once)",
        (OBJECTS,),
    ),
    Mutation(
        "DynamoDB: a scan goes on behind each item instead of each device",
        "l3kit/clouds/aws/data/hot_store.py",
        'request["ExclusiveStartKey"] = {PARTITION_KEY: last[PARTITION_KEY], SORT_KEY: {"S": MAX_SORT_KEY}}',
        "return",
        (HOT_STORES,),
    ),
    Mutation(
        "Firestore: devices beyond the first page are not named",
        "l3kit/clouds/gcp/data/item_reads.py",
        "            token = answer.next_page_token\n            if not token:\n",
        "            if True:\n",
        (HOT_STORES,),
    ),
    Mutation(
        "devices without a document of their own are not named",
        "l3kit/clouds/gcp/data/item_reads.py",
        "show_missing=True",
        "show_missing=False",
        (HOT_STORES,),
    ),
    Mutation(
        "DynamoDB: an item whose key is taken counts as created",
        "l3kit/clouds/aws/data/creates.py",
        "                taken.append(number)",
        "                outcomes[number] = CREATED",
        (HOT_STORES, CREATES),
    ),
    Mutation(
        "DynamoDB: a version that gained attributes is lost by its replacement",
        "l3kit/clouds/aws/data/replacement.py",
        "    if same_item(old, seen):",
        "    if True:",
        (HOT_STORES, REPLACEMENT),
    ),
    Mutation(
        "Cosmos DB: an item is replaced whatever it has become",
        "l3kit/clouds/azure/data/creates.py",
        '("replace", (sort_key, document), {"if_match_etag": etag})',
        '("replace", (sort_key, document))',
        (HOT_STORES,),
    ),
    Mutation(
        "Cosmos DB: of a batch with a taken key the free ones are not created",
        "l3kit/clouds/azure/data/creates.py",
        "zip(free, await self._rest(free), strict=True)",
        "zip(free, [CREATED] * len(free), strict=True)",
        (HOT_STORES,),
    ),
    Mutation(
        "Firestore: an item is created over another",
        "l3kit/clouds/gcp/data/creates.py",
        "        write.current_document.exists = False\n",
        "",
        (HOT_STORES,),
    ),
)
