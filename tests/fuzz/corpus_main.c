/* Runs a fuzz target over the files of its corpus, in builds without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        perror(path);
        exit(1);
    }
    if (!S_ISREG(status.st_mode)) {
        fclose(file);
        return 0;
    }
    /* Exactly as large as the input, so that the sanitizer sees a step too far. */
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size);
    if (size > 0 && (data == NULL || fread(data, 1, size, file) != size)) {
        perror(path);
        exit(1);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static int run_directory(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        perror(path);
        exit(1);
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char file[4096];
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        count += run_file(file);
    }
    closedir(directory);
    return count;
}

int main(int count, char **arguments)
{
    int files = 0;
    for (int i = 1; i < count; i++)
        files += run_directory(arguments[i]);
    printf("%d inputs\n", files);
    return files > 0 ? 0 : 1;
}
