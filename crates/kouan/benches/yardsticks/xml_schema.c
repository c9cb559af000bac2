/* Parses messages with libxml2 and checks them against a schema, so many times over, on one thread.
 * usage: xml_schema SCHEMA LIST TIMES     LIST holds one file name a line
 * prints: nanoseconds messages valid */
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct message {
    char *text;
    int size;
};

static struct message read_file(const char *name) {
    struct message message = {NULL, 0};
    FILE *file = fopen(name, "rb");
    if (!file) {
        perror(name);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    message.size = (int)ftell(file);
    rewind(file);
    message.text = malloc((size_t)message.size + 1);
    if (!message.text || fread(message.text, 1, (size_t)message.size, file) != (size_t)message.size)
        exit(2);
    fclose(file);
    return message;
}

static void quiet(void *context, const char *text, ...) {
    (void)context;
    (void)text;
}

static int is_valid(const struct message *message, xmlSchemaPtr schema) {
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    xmlDocPtr document = xmlReadMemory(message->text, message->size, NULL, NULL, options);
    if (!document)
        return 0;
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);
    xmlSchemaSetValidErrors(context, quiet, quiet, NULL);
    int valid = xmlSchemaValidateDoc(context, document) == 0;
    xmlSchemaFreeValidCtxt(context);
    xmlFreeDoc(document);
    return valid;
}

static long long nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    xmlInitParser();
    xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(argv[1]);
    xmlSchemaPtr schema = parser ? xmlSchemaParse(parser) : NULL;
    FILE *list = fopen(argv[2], "r");
    if (!schema || !list)
        return 2;
    struct message *messages = NULL;
    size_t count = 0;
    char line[4096];
    while (fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = 0;
        messages = realloc(messages, (count + 1) * sizeof *messages);
        messages[count++] = read_file(line);
    }
    long valid = 0;
    int times = atoi(argv[3]);
    for (size_t i = 0; i < count; i++)
        is_valid(&messages[i], schema);
    long long before = nanoseconds();
    for (int turn = 0; turn < times; turn++)
        for (size_t i = 0; i < count; i++)
            valid += is_valid(&messages[i], schema);
    long long after = nanoseconds();
    printf("%lld %zu %ld\n", after - before, count * (size_t)times, valid);
    return 0;
}
