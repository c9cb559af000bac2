/* Verifies signatures with OpenSSL, so many times over, on one thread. Keys are read beforehand.
 * usage: verify LIST TIMES     LIST holds lines "sm2|rsa-sha256|rsa-sha1 CERTIFICATE TEXT SIGNATURE"
 * CERTIFICATE is DER, SIGNATURE is DER (SM2) or the number (RSA).
 * prints: nanoseconds signatures good */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bytes {
    unsigned char *at;
    size_t size;
};

struct signature {
    int sm2;
    const EVP_MD *digest;
    EVP_PKEY *key;
    struct bytes text;
    struct bytes value;
};

static struct bytes read_file(const char *name) {
    struct bytes bytes = {NULL, 0};
    FILE *file = fopen(name, "rb");
    if (!file) {
        perror(name);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    bytes.size = (size_t)ftell(file);
    rewind(file);
    bytes.at = malloc(bytes.size + 1);
    if (!bytes.at || fread(bytes.at, 1, bytes.size, file) != bytes.size)
        exit(2);
    fclose(file);
    return bytes;
}

static EVP_PKEY *key_of(const char *certificate) {
    struct bytes der = read_file(certificate);
    const unsigned char *at = der.at;
    X509 *read = d2i_X509(NULL, &at, (long)der.size);
    EVP_PKEY *key = read ? X509_get_pubkey(read) : NULL;
    if (!key) {
        fprintf(stderr, "%s: no key\n", certificate);
        exit(2);
    }
    X509_free(read);
    free(der.at);
    return key;
}

static int is_good(const struct signature *one) {
    static const char identity[] = "1234567812345678";
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner = EVP_PKEY_CTX_new(one->key, NULL);
    if (one->sm2)
        EVP_PKEY_CTX_set1_id(inner, identity, sizeof identity - 1);
    EVP_MD_CTX_set_pkey_ctx(context, inner);
    int good = EVP_DigestVerifyInit(context, NULL, one->digest, NULL, one->key) == 1 &&
               EVP_DigestVerify(context, one->value.at, one->value.size, one->text.at,
                                one->text.size) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_CTX_free(inner);
    return good;
}

static long long nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv) {
    FILE *list = argc == 3 ? fopen(argv[1], "r") : NULL;
    if (!list)
        return 2;
    struct signature *all = NULL;
    size_t count = 0;
    char kind[16], certificate[1024], text[1024], value[1024];
    while (fscanf(list, "%15s %1023s %1023s %1023s", kind, certificate, text, value) == 4) {
        all = realloc(all, (count + 1) * sizeof *all);
        struct signature *one = &all[count++];
        one->sm2 = strcmp(kind, "sm2") == 0;
        one->digest = one->sm2                         ? EVP_sm3()
                      : strcmp(kind, "rsa-sha1") == 0 ? EVP_sha1()
                                                      : EVP_sha256();
        one->key = key_of(certificate);
        one->text = read_file(text);
        one->value = read_file(value);
    }
    long good = 0;
    int times = atoi(argv[2]);
    for (size_t i = 0; i < count; i++)
        is_good(&all[i]);
    long long before = nanoseconds();
    for (int turn = 0; turn < times; turn++)
        for (size_t i = 0; i < count; i++)
            good += is_good(&all[i]);
    long long after = nanoseconds();
    printf("%lld %zu %ld\n", after - before, count * (size_t)times, good);
    return 0;
}
